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

#[test]
fn settings_of_accounts_out_of_their_range_are_refused() {
    for (variable, value) in [
        ("KAREN_AUTH_RECENT_MINUTES", "0"),
        ("KAREN_AUTH_ROTATE_DAYS", "4000"),
        ("KAREN_AUTH_SIGNING", "none"),
        ("KAREN_AUTH_DISPLAY_NAME", " "),
        ("KAREN_PASSWORDS_CHARS_MIN", "7"),
        ("KAREN_PASSWORDS_MEMORY_KIB", "8"),
        ("KAREN_MAIL_TRANSPORT", "smtp"),
        ("KAREN_SERVER_PUBLIC_URL", "karen.example.com"),
    ] {
        let error = with_variables(&[(variable, value)]).expect_err(variable);
        assert_eq!(error.code(), Code::InvalidArgument, "{variable}");
    }
}

#[test]
fn earlier_secrets_are_a_list_that_is_never_shown() {
    let secrets = r#"["the secret of last year, long enough"]"#;
    let layers = Layers::default()
        .set("auth.earlier_secrets", secrets)
        .expect("set");
    let config = layers.config().expect("config");
    assert_eq!(config.auth.earlier_secrets.len(), 1);
    let shown = format!("{:?} {config:?}", layers.effective().expect("rows"));
    assert!(!shown.contains("last year"), "{shown}");
}

#[test]
fn an_address_that_is_none_is_refused_and_never_shown() {
    for (variable, value) in [
        ("KAREN_POSTGRES_URL", "mysql://karen:hunter2@db/karen"),
        ("KAREN_POSTGRES_URL", "postgres://"),
        ("KAREN_REDIS_URLS", r#"["cache:6379 hunter2"]"#),
        ("KAREN_REDIS_URLS", r#"["redis://:hunter2@cache:port"]"#),
        ("KAREN_REDIS_URLS", "redis://:hunter2@cache"),
        ("KAREN_REDIS_URLS", r#"[""]"#),
        ("KAREN_ELASTICSEARCH_URL", "words:hunter2"),
        ("KAREN_MILVUS_URL", "grpc://root:hunter2@vectors:19530"),
        ("KAREN_DATA_NAMESPACE", "Karen-1"),
    ] {
        let error = with_variables(&[(variable, value)]).expect_err(value);
        assert_eq!(error.code(), Code::InvalidArgument, "{value}");
        let setting = variable.trim_start_matches("KAREN_").to_lowercase();
        let setting = setting.replacen('_', ".", 1);
        assert!(error.to_string().contains(&setting), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_line_that_cannot_be_read_is_named_and_not_shown() {
    let file = "[redis]\nurls = [\"redis://:hunter2@cache\"";
    let error = with_file(file).err().expect("no end of the list");
    assert!(error.to_string().contains("line 2"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[cfg(all(
    feature = "postgres",
    feature = "redis",
    feature = "elasticsearch",
    feature = "milvus"
))]
#[test]
fn addresses_of_servers_are_taken_and_their_passwords_not_shown() {
    let file = r#"
        [postgres]
        url = "postgres://karen:hunter2@db:5432/karen?sslmode=disable"
        [redis]
        urls = ["redis://:hunter2@[::1]:6379", "redis://cache"]
        [elasticsearch]
        url = "https://karen:hunter2@words:9200"
        [milvus]
        url = "http://root:hunter2@vectors:19530""#;
    let layers = with_file(file).expect("file");
    let config = layers.config().expect("config");
    assert_eq!(config.redis.urls.len(), 2);
    assert!(config.milvus.url.expose().contains("hunter2"));
    let shown = format!("{:?} {config:?}", layers.effective().expect("rows"));
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[cfg(not(feature = "milvus"))]
#[test]
fn a_server_that_this_build_lacks_is_named_with_its_feature() {
    let error = with_variables(&[("KAREN_MILVUS_URL", "http://vectors")]).expect_err("no milvus");
    assert_eq!(error.code(), Code::Unsupported);
    assert!(error.to_string().contains("the feature milvus"), "{error}");
}
