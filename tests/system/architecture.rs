//! The house stands as it is drawn: who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Every arrow that ARCHITECTURE.md draws between packages of this workspace, and no other.
const ARROWS: &[(&str, &[&str])] = &[
    ("karen-sql", &[]),
    ("karen-redis", &[]),
    ("karen-infer", &["karen-redis"]),
    ("karen-auth", &["karen-redis", "karen-sql"]),
    ("karen-memory", &["karen-redis", "karen-sql"]),
    (
        "karen-core",
        &["karen-auth", "karen-infer", "karen-memory", "karen-sql"],
    ),
    ("karen-server", &["karen-core"]),
    ("karen-bindings", &["karen-core"]),
    ("karen-python", &["karen-bindings"]),
];

/// These may reach any library: nothing depends on them.
const LEAVES: &[&str] = &["karen-bench", "karen-examples", "karen-tests"];

fn arrows(kind: DependencyKind) -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let members: BTreeSet<String> = metadata
        .packages
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let of = |package: &cargo_metadata::Package| {
        let wanted = package.dependencies.iter().filter(|d| d.kind == kind);
        let inside = wanted
            .map(|d| d.name.clone())
            .filter(|name| members.contains(name));
        inside
            .filter(|name| name.as_str() != package.name.as_str())
            .collect()
    };
    metadata
        .packages
        .iter()
        .map(|package| (package.name.to_string(), of(package)))
        .collect()
}

#[test]
fn normal_dependencies_are_those_drawn() {
    let found = arrows(DependencyKind::Normal);
    let drawn: BTreeMap<&str, BTreeSet<String>> = ARROWS
        .iter()
        .map(|(from, to)| (*from, to.iter().map(ToString::to_string).collect()))
        .collect();
    for (package, dependencies) in &found {
        if LEAVES.contains(&package.as_str()) {
            continue;
        }
        assert_eq!(
            Some(dependencies),
            drawn.get(package.as_str()),
            "arrows of {package}"
        );
    }
    assert_eq!(
        found.len(),
        ARROWS.len() + LEAVES.len(),
        "every member is drawn"
    );
}

#[test]
fn dev_dependencies_point_down_only() {
    let drawn: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for (package, dependencies) in arrows(DependencyKind::Development) {
        let Some(below) = drawn.get(package.as_str()) else {
            continue;
        };
        for dependency in dependencies {
            assert!(
                below.contains(&dependency.as_str()),
                "{package} tests with {dependency}"
            );
        }
    }
}

#[test]
fn nothing_depends_on_a_host() {
    for (package, dependencies) in arrows(DependencyKind::Normal) {
        if LEAVES.contains(&package.as_str()) {
            continue;
        }
        let hosts = ["karen-server"].iter().chain(LEAVES);
        for host in hosts {
            assert!(!dependencies.contains(*host), "{package} depends on {host}");
        }
    }
}
