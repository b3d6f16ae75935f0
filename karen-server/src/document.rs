//! The OpenAPI document, made from the routes themselves.

use karen_core::Code;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::ProblemBody;
use crate::routes::{self, Routes, anthropic, openai, scim};

const BEARER: &str = "bearer";

/// The OpenAPI 3.1 document of everything that the server answers.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut open = routes::merged(routes::open()).merge(routes::merged(routes::probes()));
    each_operation(open.get_openapi_mut(), |_, operation| {
        operation.security = Some(Vec::new())
    });
    let mut creating = routes::merged(routes::creating());
    let items = creating.get_openapi_mut().paths.paths.values_mut();
    items.for_each(name_the_call);
    let all = [
        open,
        creating,
        routes::merged(routes::prompt()),
        routes::merged(routes::lasting()),
    ];
    let mut document = all
        .into_iter()
        .fold(base(), |mut document, routes: Routes| {
            document.merge(routes.into_openapi());
            document
        });
    each_operation(&mut document, |path, operation| {
        let name = match path {
            path if anthropic::owns(path) => "AnthropicError",
            path if openai::owns(path) => "OpenAiError",
            path if scim::owns(path) => "ScimError",
            _ => "Problem",
        };
        operation
            .responses
            .responses
            .insert("default".to_owned(), failure(name));
    });
    document
}

fn base() -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token, or an API key."))
        .build();
    let mut components = Components::new();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    add_schema::<ProblemBody<'static>>(&mut components);
    add_schema::<openai::ErrorBody>(&mut components);
    add_schema::<anthropic::ErrorBody>(&mut components);
    add_schema::<scim::ErrorBody<'static>>(&mut components);
    let info = InfoBuilder::new()
        .title("Karen")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description()))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], _>(
            BEARER,
            [],
        )]))
        .build()
}

fn add_schema<T: ToSchema + PartialSchema>(components: &mut Components) {
    let mut nested: Vec<(String, RefOr<Schema>)> = Vec::new();
    T::schemas(&mut nested);
    components.schemas.extend(nested);
    components
        .schemas
        .insert(T::name().into_owned(), T::schema());
}

fn description() -> String {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    format!(
        "An AI assistant with a memory. The codes of problems: {}.",
        codes.join(", ")
    )
}

fn failure(schema: &str) -> RefOr<utoipa::openapi::Response> {
    let kind = match schema {
        "Problem" => "application/problem+json",
        "ScimError" => "application/scim+json",
        _ => "application/json",
    };
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(schema)))
        .build();
    let response = ResponseBuilder::new()
        .description("What went wrong")
        .content(kind, content);
    RefOr::T(response.build())
}

/// A call that makes something may carry a name, under which it is done once.
fn name_the_call(item: &mut PathItem) {
    let Some(operation) = item.post.as_mut() else {
        return;
    };
    let description = "Under one key the call is done once; sent again, it is answered as before.";
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    operation
        .parameters
        .get_or_insert_default()
        .push(key.into());
}

fn each_operation(document: &mut OpenApi, change: impl Fn(&str, &mut Operation)) {
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            change(path, operation);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

#[cfg(test)]
mod tests;
