//! The controls of the program, each in its own file.
//!
//! Every control has a name for screen readers, works with the keyboard, shows where the focus is, and takes its colours
//! and sizes from the [`Theme`](super::Theme). Texts come in already translated.

mod button;
mod chip;
mod dialog;
mod dropdown;
mod fact;
mod focus;
mod found_row;
mod label;
mod list_row;
mod north_arrow;
mod number_field;
mod panel;
mod path_field;
mod pill;
mod progress;
mod rail;
mod scale_bar;
mod segmented;
mod swatch;
mod table;
mod time_field;
mod time_slider;
mod toast;
mod toggle;

pub use button::{ButtonKind, button, icon_button, icon_toggle, menu_item, text_button};
pub use chip::{Chip, Mark, MarkShape, chip};
pub use dialog::dialog;
pub use dropdown::dropdown;
pub use fact::{fact, key_cap_row};
pub use found_row::{FoundRow, found_row};
pub use label::{heading, paragraph, secondary, separator, strong, text, title};
pub use list_row::{ListRow, list_row};
pub use north_arrow::north_arrow;
pub use number_field::number_field;
pub use panel::{PanelHead, panel};
pub use path_field::{PathQuestion, PathTyped, complaint, path_field, path_question};
pub use pill::pill;
pub use progress::progress;
pub use rail::{RailItem, rail};
pub use scale_bar::{scale_bar, scale_bar_length};
pub use segmented::{Segment, segmented, segmented_width};
pub use swatch::{SwatchEdge, swatch};
pub use table::{TableColumn, TableRows, table_head, table_rows};
pub use time_field::time_field;
pub use time_slider::{MINUTES_PER_DAY, time_slider};
pub use toast::{ToastKind, Toasts};
pub use toggle::toggle;
