use super::*;

fn with_file(text: &str) -> Result<Layers> {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), text).expect("write");
    Layers::default().file(file.path())
}

fn with_variables(pairs: &[(&str, &str)]) -> Result<Config> {
    let pairs = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Layers::default().variables(pairs)?.config()
}

#[test]
fn nothing_configured_gives_the_defaults() {
    assert_eq!(
        Layers::default().config().expect("config"),
        Config::default()
    );
}

#[test]
fn later_sources_win() {
    let layers =
        with_file("[server]\nlisten = \"127.0.0.1:1\"\n[chat]\ntemperature = 1").expect("file");
    let variables = [("KAREN_SERVER_LISTEN".to_owned(), "127.0.0.1:2".to_owned())];
    let layers = layers.variables(variables.into_iter()).expect("variables");
    let config = layers
        .clone()
        .set("server.listen", "127.0.0.1:3")
        .expect("set")
        .config()
        .expect("config");
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(layers.config().expect("config").server.listen.port(), 2);
    assert!((config.chat.temperature - 1.0).abs() < f32::EPSILON);
}

#[test]
fn an_unknown_setting_is_refused_with_the_one_that_was_meant() {
    let error = with_file("[server]\nlisen = \"127.0.0.1:1\"")
        .err()
        .expect("unknown");
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(
        error.to_string().ends_with("did you mean server.listen?"),
        "{error}"
    );
    let error = with_variables(&[("KAREN_SERVER_LISEN", "x")]).expect_err("unknown");
    assert!(
        error
            .to_string()
            .ends_with("did you mean KAREN_SERVER_LISTEN?"),
        "{error}"
    );
}

#[test]
fn every_setting_has_its_own_variable() {
    let all = Layers::default().effective().expect("effective");
    let mut names: Vec<String> = all.iter().map(|(s, ..)| s.replace('.', "_")).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_value_of_the_wrong_type_or_out_of_range_names_its_setting() {
    for (variable, text, setting) in [
        ("KAREN_CHAT_ANSWER_TOKENS", "many", "chat.answer_tokens"),
        ("KAREN_CHAT_TEMPERATURE", "9", "chat.temperature"),
        ("KAREN_AUTH_ACCESS_MINUTES", "0", "auth.access_minutes"),
        ("KAREN_MEMORY_REMEMBER", "1", "memory.remember"),
    ] {
        let error = with_variables(&[(variable, text)]).expect_err(variable);
        assert!(error.to_string().contains(setting), "{error}");
    }
}

#[test]
fn secrets_are_never_shown() {
    let layers = Layers::default()
        .set("auth.secret", "correct horse")
        .expect("set");
    let shown = format!(
        "{:?} {:?}",
        layers.config().expect("config"),
        layers.effective()
    );
    assert!(!shown.contains("correct horse"));
    assert_eq!(
        layers.config().expect("config").auth.secret.expose(),
        "correct horse"
    );
}

#[test]
fn models_of_providers_and_routes_are_read_from_a_file_and_from_variables() {
    let file = "[models.remote.mini]\nprovider = \"openai\"\nmodel = \"m\"\nkey_env = \"K\"\n\
                [models.routes.main]\nchoose = \"balance\"\ntargets = [\"mini\", \"other\"]";
    let from_file = with_file(file)
        .expect("file")
        .config()
        .expect("config")
        .models;
    let remote = "{ mini = { provider = \"openai\", model = \"m\", key_env = \"K\" } }";
    let routes = "{ main = { choose = \"balance\", targets = [\"mini\", \"other\"] } }";
    let from_variables = with_variables(&[
        ("KAREN_MODELS_REMOTE", remote),
        ("KAREN_MODELS_ROUTES", routes),
    ]);
    assert_eq!(from_variables.expect("config").models, from_file);
    let (name, mini) = from_file.remote.first_key_value().expect("a model");
    assert_eq!((name.as_str(), mini.model.as_str()), ("mini", "m"));
    assert_eq!(from_file.routes.len(), 1);
}

#[test]
fn a_provider_or_route_that_cannot_be_used_is_named() {
    for (file, setting) in [
        (
            "[models.remote.mini]\nprovider = \"openai\"\nmodel = \"m\"\nbase_url = \"ftp://x\"",
            "models.remote.mini",
        ),
        ("[models.routes.main]\ntargets = []", "models.routes.main"),
    ] {
        let error = with_file(file).expect("file").config().expect_err(setting);
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.to_string().contains(setting), "{error}");
    }
}
