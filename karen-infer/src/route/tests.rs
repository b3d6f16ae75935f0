use std::collections::BTreeMap;

use super::*;

fn name(text: &str) -> ModelName {
    ModelName::parse(text).expect("name")
}

fn route(choose: Choose, weights: &[u32]) -> RouteInUse {
    let targets = ["a", "b", "c"]
        .map(name)
        .into_iter()
        .take(weights.len())
        .collect();
    let route = Route {
        choose,
        targets,
        weights: weights.to_vec(),
    };
    route.validate().expect("a route");
    RouteInUse::new(route, false)
}

fn first(route: &mut RouteInUse, caller: Option<&str>) -> String {
    route.order(caller)[0].to_string()
}

#[test]
fn turns_follow_the_weights_and_do_not_come_in_blocks() {
    let mut route = route(Choose::Balance, &[3, 1]);
    let turns: String = (0..8).map(|_| first(&mut route, None)).collect();
    assert_eq!(turns, "aabaaaba");
}

#[test]
fn a_weight_of_nothing_is_for_fallback_only() {
    let mut route = route(Choose::Balance, &[0, 1, 1]);
    for _ in 0..20 {
        let order = route.order(None);
        assert_ne!(order[0], name("a"));
        assert_eq!(order[2], name("a"));
    }
}

#[test]
fn a_split_is_sticky_and_keeps_to_its_weights() {
    let mut route = route(Choose::Split, &[9, 1]);
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for caller in 0..10_000 {
        let caller = format!("user-{caller}");
        let chosen = first(&mut route, Some(&caller));
        assert_eq!(first(&mut route, Some(&caller)), chosen);
        *counts.entry(chosen).or_default() += 1;
    }
    // Four standard deviations around a tenth of ten thousand.
    assert!((880..=1_120).contains(&counts["b"]), "{counts:?}");
}

#[test]
fn a_changed_weight_moves_only_who_has_to_move() {
    let (mut before, mut after) = (route(Choose::Split, &[1, 1]), route(Choose::Split, &[1, 3]));
    for caller in 0..2_000 {
        let caller = format!("user-{caller}");
        if first(&mut before, Some(&caller)) == "b" {
            assert_eq!(first(&mut after, Some(&caller)), "b");
        }
    }
}

#[test]
fn routes_that_lead_nowhere_are_refused() {
    for route in [
        Route::fallback([]),
        Route {
            weights: vec![1],
            ..Route::fallback([name("a"), name("b")])
        },
        Route {
            weights: vec![0, 0],
            ..Route::fallback([name("a"), name("b")])
        },
    ] {
        assert!(route.validate().is_err(), "{route:?}");
    }
}
