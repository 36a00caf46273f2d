//! The page of a package: one HTML file that needs nothing but the files beside it.

use super::Report;
use minijinja::{Environment, Value, value::Serde};

const TEMPLATE: &str = include_str!("../../assets/export/index.html");

/// The page as HTML. Everything that comes from the scenario is escaped.
///
/// # Errors
/// Only when the built-in template is broken.
pub fn page(report: &Report) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    // The name tells that values are escaped for HTML.
    environment.add_template("index.html", TEMPLATE)?;
    environment
        .get_template("index.html")?
        .render(Value::from(Serde(report)))
}
