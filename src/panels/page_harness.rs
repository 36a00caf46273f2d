//! A page or what stands in a dialog by itself in a test, as the window shows it.

use super::rooms::PageContent;
use crate::text::Language;
use crate::ui::Theme;
use bevy_egui::egui::{Ui, vec2};
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

/// What stands in a dialog of this size, in points, and all that it handed out.
pub(super) fn dialog<S: 'static, A: 'static>(
    state: S,
    show: fn(&mut Ui, &mut S, &Language) -> Option<A>,
    code: &str,
    size: [f32; 2],
    text_scale: f32,
) -> Harness<'static, (S, Vec<A>)> {
    let language = Language::from_code(code).unwrap();
    let [width, height] = size;
    let mut harness = Harness::builder().with_size(vec2(width, height)).build_ui_state(
        move |ui, (state, asked): &mut (S, Vec<A>)| {
            Theme::new(false, text_scale).install(ui.ctx());
            asked.extend(show(ui, state, &language));
        },
        (state, Vec::new()),
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
