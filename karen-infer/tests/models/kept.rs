//! What the registry keeps of providers' models and of routes: everything but the key.

use std::collections::BTreeMap;
use std::path::Path;

use karen_infer::{
    Choose, ModelErrorKind, ModelFormat, ModelName, Models, ModelsConfig, Price, Provider,
    RemoteModel, Route,
};

async fn open(folder: &Path) -> Models {
    let config = ModelsConfig {
        folder: Some(folder.to_owned()),
        ..ModelsConfig::default()
    };
    Models::open(config).await.unwrap()
}

fn name(text: &str) -> ModelName {
    ModelName::parse(text).unwrap()
}

fn hosted() -> RemoteModel {
    RemoteModel {
        base_url: Some("http://127.0.0.1:9/v1".to_owned()),
        key_env: Some("SOME_KEY".to_owned()),
        context_tokens: Some(4096),
        price: Some(Price {
            prompt_micros: 1,
            completion_micros: 2,
        }),
        ..RemoteModel::parse("openai:some-model").unwrap()
    }
}

#[tokio::test]
async fn models_of_providers_and_routes_are_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let models = open(folder.path()).await;
    models.add_remote(&name("hosted"), hosted()).unwrap();
    let passing = RemoteModel::parse("gemini:g").unwrap();
    models
        .add_remote_for_now(&name("passing"), passing)
        .unwrap();
    let route = Route {
        choose: Choose::Split,
        weights: vec![9, 1],
        ..Route::fallback([name("hosted"), name("passing")])
    };
    models.set_route(&name("main"), route.clone()).unwrap();
    models
        .set_routes_for_now(BTreeMap::from([
            (name("long"), Route::alias(name("short"))),
            (name("short"), Route::alias(name("hosted"))),
        ]))
        .unwrap();
    models.set_default(&name("main")).unwrap();

    let models = open(folder.path()).await;
    let info = models.info(&name("hosted")).unwrap();
    assert_eq!(info.format, ModelFormat::OpenAi);
    assert_eq!((info.remote, info.context_tokens), (Some(hosted()), 4096));
    assert!(!info.capabilities.exact_counts);
    assert!(models.info(&name("passing")).is_err());
    assert!(models.info(&name("short")).is_err());
    assert_eq!(models.routes()[0].route, route);
    assert_eq!(models.default_name(), Some(name("main")));
    assert!(models.remove_route(&name("main")).unwrap());
    assert!(!models.remove_route(&name("main")).unwrap());
    assert!(models.remove(&name("hosted")).await.unwrap());
    let models = open(folder.path()).await;
    assert_eq!(models.list().len(), 1, "the built-in one");
}

#[tokio::test]
async fn the_registry_reads_like_this() {
    let folder = tempfile::tempdir().unwrap();
    let models = open(folder.path()).await;
    models.add_remote(&name("hosted"), hosted()).unwrap();
    models
        .set_route(&name("main"), Route::alias(name("hosted")))
        .unwrap();
    let written = std::fs::read_to_string(folder.path().join("models.toml")).unwrap();
    let expect = r#"version = 5

[[model]]
name = "hosted"

[model.remote]
provider = "openai"
model = "some-model"
base_url = "http://127.0.0.1:9/v1"
key_env = "SOME_KEY"
context_tokens = 4096

[model.remote.price]
prompt_micros = 1
completion_micros = 2

[route.main]
choose = "order"
targets = ["hosted"]
"#;
    assert_eq!(written, expect);
}

#[tokio::test]
async fn a_registry_of_the_first_version_is_still_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("models.toml"), "version = 1\n").unwrap();
    assert_eq!(open(folder.path()).await.list().len(), 1);
}

#[tokio::test]
async fn a_description_that_cannot_be_used_is_refused() {
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    let wrong = RemoteModel {
        base_url: Some("https://user:secret@host/v1".to_owned()),
        ..RemoteModel::new(Provider::OpenAi, "m")
    };
    let error = models.add_remote(&name("wrong"), wrong).unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::Invalid(_)));
    assert!(!format!("{error:?}").contains("secret"));
    assert!(models.info(&name("wrong")).is_err());
}

#[tokio::test]
async fn a_name_is_a_route_of_the_registry_or_of_the_settings_and_never_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let models = open(folder.path()).await;
    for model in ["one", "other"] {
        models.add_remote(&name(model), hosted()).unwrap();
    }
    let set_for_now = |route: &str, to: &str| {
        models.set_routes_for_now(BTreeMap::from([(name(route), Route::alias(name(to)))]))
    };
    models
        .set_route(&name("kept"), Route::alias(name("one")))
        .unwrap();
    let refused = set_for_now("kept", "other").unwrap_err();
    assert_eq!(*refused.kind(), ModelErrorKind::Conflict);
    set_for_now("passing", "other").unwrap();
    let refused = models
        .set_route(&name("passing"), Route::alias(name("one")))
        .unwrap_err();
    assert_eq!(*refused.kind(), ModelErrorKind::Conflict);

    let routes = open(folder.path()).await.routes();
    let kept: Vec<_> = routes
        .iter()
        .map(|r| (r.name.clone(), r.route.targets.clone()))
        .collect();
    assert_eq!(kept, [(name("kept"), vec![name("one")])]);
}
