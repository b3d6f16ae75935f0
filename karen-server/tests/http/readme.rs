use std::collections::BTreeMap;

use karen_core::config::Layers;

/// The rows of the README's table of settings: name and default.
fn documented() -> BTreeMap<String, String> {
    let readme = include_str!("../../README.md");
    let section = readme
        .split("\n## ")
        .find(|section| section.starts_with("Configuration"));
    let lines = section.expect("a section of settings").lines();
    let rows = lines.filter(|line| line.starts_with("| `"));
    rows.filter_map(|line| {
        let mut cells = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'));
        Some((cells.next()?.to_owned(), cells.next()?.to_owned()))
    })
    .collect()
}

#[test]
fn the_readme_lists_every_setting_with_its_default() {
    let effective = Layers::default().effective().expect("defaults");
    let settings: BTreeMap<String, String> = effective
        .into_iter()
        .map(|(setting, value, _)| (setting, value))
        .collect();
    assert_eq!(documented(), settings);
}
