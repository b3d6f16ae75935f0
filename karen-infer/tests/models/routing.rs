//! Routes: who answers, why, and when it is somebody else.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use karen_infer::{
    Caller, Choose, GenerateEvent, GenerateRequest, Generation, Message, ModelError,
    ModelErrorKind, ModelName, Models, ModelsConfig, Route, Served, Why,
};

use crate::parrot::{CONTEXT_TOKENS, Parrot};

fn name(text: &str) -> ModelName {
    ModelName::parse(text).unwrap()
}

async fn open() -> Models {
    Models::open(ModelsConfig::default()).await.unwrap()
}

fn request(model: &str) -> GenerateRequest {
    GenerateRequest {
        model: Some(name(model)),
        messages: vec![Message::user("hello there")],
        ..GenerateRequest::default()
    }
}

async fn ask(models: &Models, model: &str) -> Result<Generation, ModelError> {
    models.generate(request(model)).await
}

async fn served(models: &Models, model: &str) -> Served {
    ask(models, model).await.unwrap().served().clone()
}

fn fall_back(models: &Models, route: &str, targets: &[&str]) {
    let route_of = Route::fallback(targets.iter().map(|target| name(target)));
    models.set_route(&name(route), route_of).unwrap();
}

/// The models that a route passed over for an answer.
fn passed_over(served: &Served) -> Vec<&str> {
    served
        .passed_over
        .iter()
        .map(|passed| passed.model.as_str())
        .collect()
}

#[tokio::test]
async fn an_answer_says_what_was_asked_for_and_what_answers() {
    let models = open().await;
    Parrot::default().add(&models, "one");
    models
        .set_route(&name("other-name"), Route::alias(name("one")))
        .unwrap();
    let by_name = served(&models, "one").await;
    assert_eq!((by_name.answered, by_name.why), (name("one"), Why::Named));
    let by_alias = served(&models, "other-name").await;
    assert_eq!(by_alias.asked, Some(name("other-name")));
    assert_eq!(
        (by_alias.answered, by_alias.why),
        (name("one"), Why::Routed)
    );
    let unnamed = GenerateRequest {
        model: None,
        ..request("one")
    };
    let by_default = models.generate(unnamed).await.unwrap();
    assert_eq!(by_default.served().why, Why::Default);
    assert_eq!(by_default.asked(), None);
}

#[tokio::test]
async fn a_route_falls_back_and_says_why() {
    let models = open().await;
    let kind = ModelErrorKind::Unavailable;
    Parrot::failing(kind).add(&models, "remote");
    Parrot::default().add(&models, "local");
    fall_back(&models, "main", &["remote", "local"]);
    let served = served(&models, "main").await;
    assert_eq!(
        (served.answered.as_str(), served.why),
        ("local", Why::Fallback)
    );
    assert_eq!(passed_over(&served), ["remote"]);
    assert!(served.passed_over[0].reason.contains("does not answer"));
}

#[tokio::test]
async fn without_a_route_nothing_answers_in_place_of_the_model_that_was_asked() {
    let models = open().await;
    let broken = Parrot::failing(ModelErrorKind::Unavailable);
    broken.add(&models, "broken");
    let other = Parrot::default();
    other.add(&models, "other");
    let error = ask(&models, "broken").await.err().unwrap();
    assert_eq!(*error.kind(), ModelErrorKind::Unavailable);
    assert_eq!((broken.times_asked(), other.times_asked()), (1, 0));
}

#[tokio::test]
async fn every_failure_but_a_wrong_request_leads_to_the_next_model() {
    let wait = Some(Duration::from_secs(1));
    for kind in [
        ModelErrorKind::Busy,
        ModelErrorKind::Timeout,
        ModelErrorKind::Malformed,
        ModelErrorKind::RateLimited { wait },
        ModelErrorKind::Denied("no key".to_owned()),
        ModelErrorKind::Quota("spent".to_owned()),
        ModelErrorKind::Load("no file".to_owned()),
    ] {
        let models = open().await;
        Parrot::failing(kind.clone()).add(&models, "first");
        Parrot::default().add(&models, "second");
        fall_back(&models, "main", &["first", "second"]);
        assert_eq!(
            served(&models, "main").await.answered,
            name("second"),
            "{kind:?}"
        );
    }
    let models = open().await;
    let kind = ModelErrorKind::Invalid("nonsense".to_owned());
    Parrot::failing(kind.clone()).add(&models, "first");
    let second = Parrot::default();
    second.add(&models, "second");
    fall_back(&models, "main", &["first", "second"]);
    assert_eq!(*ask(&models, "main").await.err().unwrap().kind(), kind);
    assert_eq!(second.times_asked(), 0);
}

#[tokio::test]
async fn an_answer_that_has_begun_is_not_begun_again_by_another_model() {
    let models = open().await;
    Parrot::breaking_off().add(&models, "first");
    let second = Parrot::default();
    second.add(&models, "second");
    fall_back(&models, "main", &["first", "second"]);
    let events: Vec<_> = ask(&models, "main").await.unwrap().collect().await;
    let [Ok(GenerateEvent::TextDelta(_)), Err(error)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(*error.kind(), ModelErrorKind::Interrupted);
    assert_eq!(second.times_asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_failed_is_left_alone_for_a_while() {
    let models = open().await;
    let wait = Some(Duration::from_secs(7));
    let limited = Parrot::failing(ModelErrorKind::RateLimited { wait });
    limited.add(&models, "limited");
    Parrot::default().add(&models, "local");
    fall_back(&models, "main", &["limited", "local"]);
    for _ in 0..3 {
        let served = served(&models, "main").await;
        assert_eq!(
            (served.answered.as_str(), served.why),
            ("local", Why::Fallback)
        );
        assert_eq!(passed_over(&served), ["limited"]);
    }
    assert_eq!(limited.times_asked(), 1);
    assert_eq!(
        models.routes()[0].cooling,
        [(name("limited"), Duration::from_secs(7))]
    );
    tokio::time::advance(Duration::from_secs(8)).await;
    served(&models, "main").await;
    assert_eq!(limited.times_asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn models_that_all_failed_are_asked_all_the_same() {
    let models = open().await;
    let only = Parrot::failing(ModelErrorKind::Unavailable);
    only.add(&models, "only");
    fall_back(&models, "main", &["only"]);
    for _ in 0..3 {
        assert!(ask(&models, "main").await.is_err());
    }
    assert_eq!(only.times_asked(), 3);
}

#[tokio::test]
async fn a_prompt_too_long_for_one_model_does_not_cool_it_down() {
    let models = open().await;
    let small = Parrot::failing(ModelErrorKind::PromptTooLong {
        prompt_tokens: 9,
        context_tokens: 8,
    });
    small.add(&models, "small");
    Parrot::default().add(&models, "large");
    fall_back(&models, "main", &["small", "large"]);
    assert_eq!(served(&models, "main").await.answered, name("large"));
    served(&models, "main").await;
    assert_eq!(small.times_asked(), 2);
}

#[tokio::test]
async fn load_is_balanced_over_endpoints_and_a_route_may_lead_to_a_route() {
    let models = open().await;
    for endpoint in ["east", "west"] {
        Parrot::default().add(&models, endpoint);
    }
    let cloud = Route {
        choose: Choose::Balance,
        weights: vec![2, 1],
        ..Route::fallback([name("east"), name("west")])
    };
    models.set_route(&name("cloud"), cloud).unwrap();
    Parrot::failing(ModelErrorKind::Busy).add(&models, "local");
    fall_back(&models, "main", &["local", "cloud"]);
    let mut answered: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..30 {
        let served = served(&models, "main").await;
        *answered.entry(served.answered.to_string()).or_default() += 1;
    }
    assert_eq!(
        answered,
        BTreeMap::from([("east".to_owned(), 20), ("west".to_owned(), 10)])
    );
}

#[tokio::test]
async fn a_split_keeps_each_user_with_one_model() {
    let models = open().await;
    for model in ["a", "b"] {
        Parrot::default().add(&models, model);
    }
    let split = Route {
        choose: Choose::Split,
        ..Route::fallback([name("a"), name("b")])
    };
    models.set_route(&name("trial"), split).unwrap();
    let mut used = BTreeMap::new();
    for round in 0..3 {
        for user in 0..20 {
            let asked = GenerateRequest {
                caller: Some(Caller::new("tenant", format!("user-{user}"))),
                ..request("trial")
            };
            let answered = models.generate(asked).await.unwrap().model().clone();
            let first = used.entry(user).or_insert_with(|| answered.clone());
            assert_eq!(*first, answered, "user {user}, round {round}");
        }
    }
    assert!(used.values().any(|model| *model == name("a")));
    assert!(used.values().any(|model| *model == name("b")));
}

#[tokio::test]
async fn a_route_is_listed_with_what_all_of_its_models_can_do() {
    let models = open().await;
    Parrot::default().add(&models, "one");
    fall_back(&models, "main", &["one"]);
    let info = models.info(&name("main")).unwrap();
    assert_eq!(info.context_tokens, CONTEXT_TOKENS);
    assert!(info.capabilities.generate && !info.capabilities.tools);
    models.set_default(&name("main")).unwrap();
    assert_eq!(models.resolve(None).unwrap().name, name("main"));
    let listed: Vec<String> = models
        .list()
        .iter()
        .map(|info| info.name.to_string())
        .collect();
    assert_eq!(listed, ["karen-static", "one", "main"]);
}

#[tokio::test]
async fn routes_in_a_circle_end() {
    let models = open().await;
    Parrot::default().add(&models, "one");
    fall_back(&models, "a", &["one"]);
    fall_back(&models, "b", &["a"]);
    fall_back(&models, "a", &["b", "one"]);
    assert_eq!(served(&models, "a").await.answered, name("one"));
}

#[tokio::test]
async fn a_route_cannot_take_the_name_of_a_model_or_lead_to_nothing() {
    let models = open().await;
    Parrot::default().add(&models, "one");
    let route = Route::alias(name("one"));
    let taken = models.set_route(&name("one"), route.clone()).unwrap_err();
    assert_eq!(*taken.kind(), ModelErrorKind::Conflict);
    let absent = models
        .set_route(&name("x"), Route::alias(name("none")))
        .unwrap_err();
    assert_eq!(*absent.kind(), ModelErrorKind::Missing);
    models.set_route(&name("x"), route).unwrap();
    let shadowed = models.register(&name("x"), std::sync::Arc::new(Parrot::default()));
    assert_eq!(*shadowed.unwrap_err().kind(), ModelErrorKind::Conflict);
}

#[tokio::test]
async fn what_a_model_cannot_do_is_refused_before_it_is_asked() {
    let models = open().await;
    let parrot = Parrot::default();
    parrot.add(&models, "one");
    let image = karen_infer::Image::Url("https://host/picture".to_owned());
    let requests = [
        GenerateRequest {
            messages: vec![Message::user("look").showing(vec![image])],
            ..request("one")
        },
        GenerateRequest {
            format: karen_infer::AnswerFormat::Json,
            ..request("one")
        },
        GenerateRequest {
            tool_choice: karen_infer::ToolChoice::Required,
            ..request("one")
        },
    ];
    for request in requests {
        let refused = models.generate(request).await.err().unwrap();
        assert!(
            matches!(refused.kind(), ModelErrorKind::Unsupported(_)),
            "{refused}"
        );
    }
    assert_eq!(parrot.times_asked(), 0);
}
