//! The configuration as it takes effect.

use karen_core::Result;

use super::settings::Settings;

/// Prints every setting in the form of `karen.toml`, with where it comes from.
pub(super) fn check(settings: &Settings) -> Result<()> {
    let rows = settings.layers()?.effective()?;
    let width = rows
        .iter()
        .map(|(setting, value, _)| setting.len() + value.len())
        .max();
    let width = width.unwrap_or_default().min(60) + 3;
    for (setting, value, origin) in rows {
        say!("{:width$}  # {origin}", format!("{setting} = {value}"));
    }
    Ok(())
}
