//! Where a control stands in this frame, for what points at it.
//!
//! Whoever shows a control leaves its place under a name; what is shown later in the same frame finds it. A control that
//! is not shown has no place, so nothing ever points at where something used to be.

use bevy_egui::egui::{Context, Id, Rect};

/// Leaves the place of what is called `name`.
pub fn mark(ctx: &Context, name: &'static str, rect: Rect) {
    let now = ctx.cumulative_pass_nr();
    ctx.data_mut(|data| data.insert_temp(id(name), (now, rect)));
}

/// The place of what is called `name`, if it is shown in this frame.
pub fn marked(ctx: &Context, name: &'static str) -> Option<Rect> {
    let (at, rect) = ctx.data(|data| data.get_temp::<(u64, Rect)>(id(name)))?;
    (at == ctx.cumulative_pass_nr()).then_some(rect)
}

fn id(name: &'static str) -> Id {
    Id::new(("anchor", name))
}
