//! A page by itself in a test, as the panel shows it.

use super::rooms::PageContent;
use crate::text::Language;
use crate::ui::Theme;
use bevy_egui::egui::vec2;
use egui_kittest::{Harness, kittest::Queryable as _};

/// A page and the language that it is shown in.
pub(super) struct Shown<P> {
    pub(super) page: P,
    language: Language,
}

/// A page in a panel of this size, in points.
pub(super) fn harness<P: PageContent + 'static>(
    page: P,
    code: &str,
    size: [f32; 2],
    text_scale: f32,
) -> Harness<'static, Shown<P>> {
    let shown = Shown {
        page,
        language: Language::from_code(code).unwrap(),
    };
    let [width, height] = size;
    let mut harness = Harness::builder().with_size(vec2(width, height)).build_ui_state(
        move |ui, shown: &mut Shown<P>| {
            Theme::new(false, text_scale).install(ui.ctx());
            shown.page.show(ui, &shown.language);
        },
        shown,
    );
    harness.run();
    harness
}

/// The page after what is called so was pressed.
pub(super) fn pressed<'h, P>(harness: &'h mut Harness<'_, Shown<P>>, name: &str) -> &'h mut P {
    harness.get_by_label(name).click();
    harness.run();
    &mut harness.state_mut().page
}
