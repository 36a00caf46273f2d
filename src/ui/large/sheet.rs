//! What covers the whole screen and holds controls.

use bevy_egui::egui::{Area, Context, Id, Order, Rect, Ui};

/// Shows `add` on a sheet over `screen`.
///
/// egui only measures an area that it does not know yet: nothing of it is seen in that pass, and nothing on it can be
/// touched in the next frame. A size that is known beforehand cannot be handed to it. So the first pass over a new sheet is
/// thrown away and made once more in the same frame; from the frame after it every touch counts.
pub fn sheet(ctx: &Context, name: &str, order: Order, screen: Rect, add: impl FnOnce(&mut Ui)) {
    let id = Id::new(name);
    let is_new = ctx.memory(|memory| memory.area_rect(id)).is_none();
    Area::new(id)
        .order(order)
        .fixed_pos(screen.min)
        .constrain(false)
        .fade_in(false)
        .show(ctx, add);
    if is_new {
        ctx.request_discard("a sheet that was measured only");
    }
}
