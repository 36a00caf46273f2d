//! How well a colour reads on another one, by WCAG 2.2.

use bevy_egui::egui::Color32;

/// Contrast ratio of two opaque colours, 1 to 21 (<https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>).
pub fn contrast_ratio(a: Color32, b: Color32) -> f32 {
    let (a, b) = (relative_luminance(a), relative_luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance, 0 to 1 (<https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>).
fn relative_luminance(color: Color32) -> f32 {
    let linear = |channel: u8| {
        let value = f32::from(channel) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Tokens;

    #[test]
    fn black_on_white_is_21() {
        assert!((contrast_ratio(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.01);
        assert!((contrast_ratio(Color32::RED, Color32::RED) - 1.0).abs() < 0.01);
    }

    /// WCAG AA: 4.5 for text, 3 for the outlines of controls.
    #[test]
    fn tokens_read_on_every_ground_they_stand_on() {
        for tokens in [Tokens::LIGHT, Tokens::DARK] {
            for (name, color, least) in [
                ("ink", tokens.ink, 7.0),
                ("muted", tokens.muted, 4.5),
                ("line", tokens.line, 3.0),
                ("design", tokens.design, 4.5),
                ("participation", tokens.participation, 4.5),
                ("maintenance", tokens.maintenance, 4.5),
                ("warning", tokens.warning, 4.5),
                ("error", tokens.error, 4.5),
            ] {
                for (ground_name, ground) in [("ground", tokens.ground), ("field", tokens.field)] {
                    let ratio = contrast_ratio(color, ground);
                    assert!(ratio >= least, "{name} on {ground_name}: {ratio:.2}, needs {least}");
                }
            }
            for accent in [tokens.design, tokens.participation, tokens.maintenance] {
                let ratio = contrast_ratio(tokens.on_accent, accent);
                assert!(ratio >= 4.5, "text on {accent:?}: {ratio:.2}");
                let tint = tokens.tint(accent);
                for text in [tokens.ink, tokens.muted] {
                    let ratio = contrast_ratio(text, tint);
                    assert!(ratio >= 4.5, "{text:?} on a chosen row {tint:?}: {ratio:.2}");
                }
            }
            for text in [tokens.ink, tokens.muted] {
                let ratio = contrast_ratio(text, tokens.hover);
                assert!(ratio >= 4.5, "{text:?} under the pointer: {ratio:.2}");
            }
        }
    }
}
