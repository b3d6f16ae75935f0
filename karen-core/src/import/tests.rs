use serde_json::json;

use super::*;

fn said(exported: &[Exported]) -> Vec<(&str, Vec<&str>)> {
    exported
        .iter()
        .map(|e| {
            (
                e.key.as_str(),
                e.messages.iter().map(|m| m.content.as_str()).collect(),
            )
        })
        .collect()
}

#[test]
fn lines_are_grouped_by_conversation_in_order() {
    let text = r#"{"role":"user","content":"a1","conversation":"a","at":"2026-01-02T03:04:05Z"}
{"role":"user","content":"b1","conversation":"b"}

{"role":"assistant","content":"a2","conversation":"a","at":5}"#;
    let exported = parse(text).expect("parse");
    assert_eq!(
        said(&exported),
        [("a", vec!["a1", "a2"]), ("b", vec!["b1"])]
    );
    assert_eq!(exported[0].messages[0].at, Some(1_767_323_045_000));
}

#[test]
fn lines_without_a_conversation_are_told_apart_by_how_they_begin() {
    let line = |content: &str| format!("{{\"role\":\"user\",\"content\":\"{content}\"}}\n");
    let key = |text: &str| parse(text).expect("parse").remove(0).key;
    let (first, grown) = (line("a"), line("a") + &line("b"));
    assert_eq!(key(&first), key(&grown));
    assert_ne!(key(&first), key(&line("b")));
}

#[test]
fn the_branch_on_screen_is_taken_from_a_tree() {
    let node = |role: &str, text: &str, parent: Option<&str>, children: &[&str]| {
        json!({
            "message": { "author": { "role": role }, "content": { "parts": [text] }, "create_time": 1.5 },
            "parent": parent, "children": children,
        })
    };
    let text = json!([{
        "id": "c1", "title": "T", "create_time": 1.0, "current_node": "n3",
        "mapping": {
            "root": { "message": null, "parent": null, "children": ["n0"] },
            "n0": node("system", "hidden", Some("root"), &["n1"]),
            "n1": node("user", "question", Some("n0"), &["n2", "n3"]),
            "n2": node("assistant", "first answer", Some("n1"), &[]),
            "n3": node("assistant", "second answer", Some("n1"), &[]),
        },
    }]);
    let exported = parse(&text.to_string()).expect("parse");
    assert_eq!(said(&exported), [("c1", vec!["question", "second answer"])]);
}

#[test]
fn what_cannot_be_read_is_named() {
    for (text, named) in [
        ("", "empty"),
        ("{\"role\":\"user\",\"content\":\"x\"}\nnot json", "line 2"),
        ("{\"role\":\"robot\",\"content\":\"x\"}", "line 1"),
        ("[{\"title\":\"no tree\"}]", "conversation 1"),
        (
            "[{\"mapping\":{\"a\":{\"parent\":\"a\"}},\"current_node\":\"a\"}]",
            "circle",
        ),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.to_string().contains(named), "{error}");
    }
}
