//! An operator's directory keeps the accounts of its tenant.

use axum::http::header::IF_MATCH;
use axum::http::{HeaderValue, Request};
use serde_json::{Value, json};

use crate::harness::{PASSWORD, Reply, Site, json_request, text};

const USERS: &str = "/scim/v2/Users";
const GRACE: &str = "grace@example.org";

/// A key of the owner's that is good for a directory and nothing else.
async fn directory(site: &Site, owner: &str) -> String {
    let key = json!({ "name": "directory", "permissions": ["users:provision"] });
    let made = site.post("/api/v1/api-keys", owner, &key).await;
    text(&made.expect(201).json()["key"])
}

fn grace() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "Grace@Example.org",
        "name": { "givenName": "Grace", "familyName": "Hopper" },
        "emails": [{ "value": GRACE, "type": "work", "primary": true }],
        "title": "Rear admiral",
        "active": true,
    })
}

fn patch(operations: Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    })
}

async fn patched(site: &Site, key: &str, path: &str, operations: Value) -> Reply {
    site.whole(json_request("PATCH", path, key, &patch(operations)))
        .await
}

#[tokio::test]
async fn a_directory_makes_finds_changes_and_deletes_an_account() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let key = directory(&site, &owner).await;
    let made = site.post(USERS, &key, &grace()).await.expect(201);
    assert_eq!(made.header("content-type"), "application/scim+json");
    let (tag, location) = (
        made.header("etag").to_owned(),
        made.header("location").to_owned(),
    );
    let made = made.json();
    assert_eq!(
        (&made["userName"], &made["displayName"], &made["active"]),
        (&json!(GRACE), &json!("Grace Hopper"), &json!(true))
    );
    assert_eq!(made["meta"]["version"], tag.as_str());
    assert_eq!(made["meta"]["location"], location.as_str());
    let path = format!("{USERS}/{}", text(&made["id"]));
    let found = site
        .get(
            &format!("{USERS}?filter=userName%20eq%20%22GRACE@example.org%22"),
            &key,
        )
        .await
        .expect(200)
        .json();
    assert_eq!(found["totalResults"], 1);
    assert_eq!(found["Resources"][0], made);
    let renamed = patched(
        &site,
        &key,
        &path,
        json!([{ "op": "Replace", "value": { "displayName": "Amazing Grace", "nickName": "x" } }]),
    );
    let renamed = renamed.await.expect(200);
    assert_ne!(renamed.header("etag"), tag);
    assert_eq!(renamed.json()["displayName"], "Amazing Grace");
    let mut request = json_request("PUT", &path, &key, &grace());
    let stale = HeaderValue::from_str(&tag).expect("a tag");
    request.headers_mut().insert(IF_MATCH, stale);
    site.whole(request).await.expect(412);
    let put = site.put(&path, &key, &grace()).await.expect(200).json();
    assert_eq!(put["displayName"], "Grace Hopper");
    site.delete(&path, &key).await.expect(204);
    site.get(&path, &key).await.expect(404);
    let gone = site.get("/api/v1/privacy/receipts", &owner).await;
    assert_eq!(gone.expect(200).json()["data"][0]["account"], made["id"]);
}

#[tokio::test]
async fn whom_the_directory_makes_inactive_is_out_at_the_next_request() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let key = directory(&site, &owner).await;
    let eve = site.joined(&owner, "eve@example.org", "member").await;
    let found = site
        .get(
            &format!("{USERS}?filter=userName%20eq%20%22eve@example.org%22"),
            &key,
        )
        .await
        .expect(200)
        .json();
    let id = text(&found["Resources"][0]["id"]);
    let path = format!("{USERS}/{id}");
    // As Microsoft Entra sends it.
    let off = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    let reply = patched(&site, &key, &path, off).await.expect(200);
    assert_eq!(reply.json()["active"], false);
    site.get("/api/v1/me", &eve).await.expect(401);
    let login = json!({ "email": "eve@example.org", "password": PASSWORD });
    site.post("/api/v1/auth/login", "", &login)
        .await
        .expect(401);
    let on = json!([{ "op": "replace", "path": "active", "value": true }]);
    patched(&site, &key, &path, on).await.expect(200);
    site.get("/api/v1/me", &eve).await.expect(401);
    site.log_in("eve@example.org", PASSWORD).await;
}

#[tokio::test]
async fn the_key_of_a_directory_is_good_for_nothing_else_and_reaches_its_tenant_only() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let key = directory(&site, &owner).await;
    for path in [
        "/api/v1/users",
        "/api/v1/audit",
        "/api/v1/memory",
        "/api/v1/conversations",
    ] {
        site.get(path, &key).await.expect(403);
    }
    let wanted = json!({
        "name": "Analytical Engines",
        "owner": { "email": "eve@example.org", "name": "Eve", "password": PASSWORD },
    });
    let made = site
        .post("/api/v1/tenants", &owner, &wanted)
        .await
        .expect(201);
    let stranger = format!("{USERS}/{}", text(&made.json()["owner"]["id"]));
    site.get(&stranger, &key).await.expect(404);
    site.delete(&stranger, &key).await.expect(404);
    let found = site
        .get(
            &format!("{USERS}?filter=userName%20eq%20%22eve@example.org%22"),
            &key,
        )
        .await
        .expect(200);
    assert_eq!(found.json()["totalResults"], 0);
    let own = site.get(USERS, &key).await.expect(200).json();
    let own = format!("{USERS}/{}", text(&own["Resources"][0]["id"]));
    site.delete(&own, &key).await.expect(409);
    site.get(USERS, "").await.expect(401);
}

#[tokio::test]
async fn users_are_listed_by_their_number() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let key = directory(&site, &owner).await;
    for name in ["bob", "carol", "dora", "eve"] {
        let user = json!({ "userName": format!("{name}@example.org") });
        site.post(USERS, &key, &user).await.expect(201);
    }
    let list = async |query: &str| {
        site.get(&format!("{USERS}{query}"), &key)
            .await
            .expect(200)
            .json()
    };
    let all = list("").await["Resources"]
        .as_array()
        .expect("a list")
        .clone();
    assert_eq!(all.len(), 5);
    let page = list("?startIndex=2&count=3").await;
    assert_eq!(page["Resources"].as_array().expect("a list")[..], all[1..4]);
    assert_eq!(
        (
            &page["totalResults"],
            &page["startIndex"],
            &page["itemsPerPage"]
        ),
        (&json!(5), &json!(2), &json!(3))
    );
    let none = list("?count=0").await;
    assert_eq!(
        (&none["totalResults"], &none["Resources"]),
        (&json!(5), &json!([]))
    );
    let clamped = list("?startIndex=-3&count=-1").await;
    assert_eq!(
        (&clamped["startIndex"], &clamped["itemsPerPage"]),
        (&json!(1), &json!(0))
    );
    let names = list("?attributes=userName").await;
    assert_eq!(
        names["Resources"][1],
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": all[1]["id"],
            "userName": "bob@example.org",
        })
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_in_scims_words() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let key = directory(&site, &owner).await;
    let made = site.post(USERS, &key, &grace()).await.expect(201).json();
    let path = format!("{USERS}/{}", text(&made["id"]));
    let op = |op: &str, path: &str, value: Value| {
        patch(json!([{ "op": op, "path": path, "value": value }]))
    };
    let nobody = "/scim/v2/Users/none";
    for (method, path, body, status, named) in [
        ("POST", USERS, grace(), 409, "uniqueness"),
        (
            "POST",
            USERS,
            json!({ "userName": "grace" }),
            400,
            "invalidValue",
        ),
        (
            "POST",
            USERS,
            json!({ "displayName": "Grace" }),
            400,
            "invalidValue",
        ),
        (
            "GET",
            "/scim/v2/Users?filter=title%20pr",
            json!({}),
            400,
            "invalidFilter",
        ),
        (
            "PATCH",
            &path,
            op("replace", "id", json!("x")),
            400,
            "mutability",
        ),
        (
            "PATCH",
            &path,
            op("remove", "userName", json!(null)),
            400,
            "mutability",
        ),
        (
            "PATCH",
            &path,
            op("replace", "active", json!("perhaps")),
            400,
            "invalidValue",
        ),
        (
            "PATCH",
            &path,
            op("move", "active", json!(true)),
            400,
            "invalidSyntax",
        ),
        (
            "PATCH",
            &path,
            patch(json!([{ "op": "remove" }])),
            400,
            "noTarget",
        ),
        (
            "PATCH",
            &path,
            op("replace", "userName", json!("ada@example.org")),
            409,
            "uniqueness",
        ),
        ("GET", nobody, json!({}), 404, ""),
        ("GET", "/scim/v2/Groups", json!({}), 404, ""),
        ("PUT", USERS, json!({}), 405, ""),
    ] {
        let reply = site.whole(json_request(method, path, &key, &body)).await;
        let reply = reply.expect(status);
        assert_eq!(
            reply.header("content-type"),
            "application/scim+json",
            "{path}"
        );
        let error = reply.json();
        assert_eq!(
            error["schemas"][0],
            "urn:ietf:params:scim:api:messages:2.0:Error"
        );
        assert_eq!(error["status"], status.to_string(), "{method} {path}");
        assert_eq!(
            error["scimType"].as_str().unwrap_or(""),
            named,
            "{method} {path} {body}"
        );
    }
    let unread = Request::post(USERS)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/scim+json")
        .header("host", "karen.test")
        .body("{".into())
        .expect("request");
    let error = site.whole(unread).await.expect(400).json();
    assert_eq!(error["scimType"], "invalidSyntax");
}

#[tokio::test]
async fn a_server_tells_a_directory_what_it_can_do() {
    let site = Site::open().await;
    let owner = site.owner().await;
    let key = directory(&site, &owner).await;
    let config = site
        .get("/scim/v2/ServiceProviderConfig", &key)
        .await
        .expect(200)
        .json();
    assert_eq!(config["patch"]["supported"], true);
    for (list, one) in [
        ("/scim/v2/ResourceTypes", "/scim/v2/ResourceTypes/User"),
        (
            "/scim/v2/Schemas",
            "/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
        ),
    ] {
        let all = site.get(list, &key).await.expect(200).json();
        let one = site.get(one, &key).await.expect(200).json();
        assert_eq!(all["Resources"], json!([one]), "{list}");
    }
    site.get("/scim/v2/Schemas/none", &key).await.expect(404);
}
