//! Calls that concern accounts.

use karen_bindings::{Credentials, Karen};

use crate::calls::{Args, Given, plain};

pub(crate) async fn call(karen: &Karen, noun: &str, verb: &str, args: Args<'_>) -> Given {
    match noun {
        "auth" => auth(karen, verb, args).await,
        "second_factors" => second_factors(karen, verb, args).await,
        "roles" => roles(karen, verb, args).await,
        "tenants" => tenants(karen, verb, args).await,
        _ => mail(karen, verb, args).await,
    }
}

fn credentials(args: Args<'_>) -> Credentials {
    Credentials {
        email: args.string("email"),
        name: args.string("name"),
        password: args.string("password"),
    }
}

async fn auth(karen: &Karen, verb: &str, args: Args<'_>) -> Given {
    let auth = karen.accounts();
    match verb {
        "setup_needed" => plain(auth.setup_needed().await),
        "setup_token" => plain(auth.setup_token().await),
        "set_up" => plain(auth.set_up(args.text("token"), credentials(args)).await),
        "register" => plain(auth.register(credentials(args), None).await),
        "log_in" => plain(
            auth.log_in(args.text("email"), args.text("password"), None)
                .await,
        ),
        "refresh" => plain(auth.refresh(args.text("token")).await),
        "log_out" => plain(auth.log_out(args.session()).await),
        "sessions" => plain(auth.sessions(args.session()).await),
        "revoke_session" => plain(auth.revoke_session(args.session(), args.text("id")).await),
        "change_password" => {
            let (current, new) = (args.text("current"), args.text("new"));
            plain(auth.change_password(args.session(), current, new).await)
        }
        "begin_log_in" => plain(
            auth.begin_log_in(args.text("email"), args.text("password"), None)
                .await,
        ),
        "finish_log_in" => plain(
            auth.finish_log_in(args.text("challenge"), args.text("code"))
                .await,
        ),
        "require_recent" => plain(auth.require_recent(args.session()).await),
        "reauthenticate" => plain(
            auth.reauthenticate(args.session(), args.text("password"), args.maybe("code"))
                .await,
        ),
        "name_session" => plain(
            auth.name_session(args.session(), args.text("id"), args.text("name"))
                .await,
        ),
        _ => people(karen, verb, args).await,
    }
}

async fn people(karen: &Karen, verb: &str, args: Args<'_>) -> Given {
    let auth = karen.accounts();
    match verb {
        "own_account" => plain(auth.own_account(args.session()).await),
        "accounts" => plain(auth.list(args.session(), None, args.limit(200)).await),
        "create_account" => {
            let made = auth.create(args.session(), credentials(args), args.text("role"));
            plain(made.await)
        }
        "import_account" => {
            let (email, name) = (args.string("email"), args.string("name"));
            let role = args.maybe("role").unwrap_or("member");
            let made = auth.import(
                args.session(),
                email,
                name,
                args.string("password_hash"),
                role,
            );
            plain(made.await)
        }
        "account" => plain(auth.get(args.session(), args.text("account")).await),
        "remove_account" => plain(auth.remove(args.session(), args.text("account")).await),
        "disable_account" => plain(auth.disable(args.session(), args.text("account")).await),
        "enable_account" => plain(auth.enable(args.session(), args.text("account")).await),
        _ => keys(karen, verb, args).await,
    }
}

async fn keys(karen: &Karen, verb: &str, args: Args<'_>) -> Given {
    let auth = karen.accounts();
    match verb {
        "create_api_key" => {
            let permissions = args.0.get("permissions").map(|_| args.texts("permissions"));
            let lifetime = args.0["lifetime"].as_f64();
            let made =
                auth.create_api_key(args.session(), args.string("name"), permissions, lifetime);
            plain(made.await)
        }
        "api_keys" => plain(auth.api_keys(args.session()).await),
        "revoke_api_key" => plain(auth.revoke_api_key(args.session(), args.text("id")).await),
        "audit_log" => plain(auth.audit_log(args.session(), 0, args.limit(200)).await),
        "verify_audit_log" => {
            let checkpoints = args.texts("checkpoints");
            plain(auth.verify_audit_log(args.session(), &checkpoints).await)
        }
        "audit_checkpoint" => plain(auth.audit_checkpoint(args.session()).await),
        _ => panic!("auth has no {verb}"),
    }
}

async fn second_factors(karen: &Karen, verb: &str, args: Args<'_>) -> Given {
    let factors = karen.second_factors();
    match verb {
        "get" => plain(factors.get(args.session()).await),
        "begin" => plain(factors.begin(args.session()).await),
        "confirm" => plain(factors.confirm(args.session(), args.text("code")).await),
        "disable" => {
            let (password, code) = (args.text("password"), args.text("code"));
            plain(factors.disable(args.session(), password, code).await)
        }
        "renew_codes" => plain(factors.renew_codes(args.session()).await),
        _ => panic!("second factors have no {verb}"),
    }
}

async fn roles(karen: &Karen, verb: &str, args: Args<'_>) -> Given {
    let (roles, by) = (karen.roles(), args.session());
    match verb {
        "list" => plain(roles.list(by).await),
        "put" => plain(
            roles
                .put(by, args.text("name"), &args.texts("permissions"))
                .await,
        ),
        "delete" => plain(roles.delete(by, args.text("name")).await),
        "give" => plain(
            roles
                .give(by, args.text("account"), args.text("role"))
                .await,
        ),
        _ => panic!("roles have no {verb}"),
    }
}

async fn tenants(karen: &Karen, verb: &str, args: Args<'_>) -> Given {
    let (tenants, by) = (karen.tenants(), args.session());
    match verb {
        "list" => plain(tenants.list(by, args.maybe("after"), args.limit(200)).await),
        "create" => {
            let owner = Credentials {
                email: args.string("owner_email"),
                name: args.string("owner_name"),
                password: args.string("owner_password"),
            };
            plain(tenants.create(by, args.text("name"), owner).await)
        }
        "suspend" => plain(tenants.suspend(by, args.text("tenant")).await),
        "resume" => plain(tenants.resume(by, args.text("tenant")).await),
        "delete" => plain(tenants.delete(by, args.text("tenant")).await),
        "limit" => {
            let limits = args.options(&["session", "tenant"])?;
            plain(tenants.limit(by, args.text("tenant"), limits).await)
        }
        "usage" => plain(tenants.usage(by).await),
        "own" => plain(tenants.own(by).await),
        "switch" => plain(tenants.switch(by, args.text("tenant"), None).await),
        _ => panic!("tenants have no {verb}"),
    }
}

async fn mail(karen: &Karen, verb: &str, args: Args<'_>) -> Given {
    let mail = karen.mail();
    let role = args.maybe("role").unwrap_or("member");
    match verb {
        "is_set_up" => plain(mail.is_set_up()),
        "invite" => plain(mail.invite(args.session(), args.text("email"), role).await),
        "invitations" => plain(mail.invitations(args.session()).await),
        "revoke_invitation" => plain(
            mail.revoke_invitation(args.session(), args.text("id"))
                .await,
        ),
        "accept_invitation" => {
            let (name, password) = (args.text("name"), args.text("password"));
            plain(
                mail.accept_invitation(args.text("token"), name, password)
                    .await,
            )
        }
        "request_registration" => plain(mail.request_registration(args.text("email")).await),
        "request_email_verification" => {
            plain(mail.request_email_verification(args.session()).await)
        }
        "request_email_change" => plain(
            mail.request_email_change(args.session(), args.text("email"))
                .await,
        ),
        "request_password_reset" => plain(mail.request_password_reset(args.text("email")).await),
        "request_recovery" => plain(mail.request_recovery(args.text("email")).await),
        _ => links(karen, verb, args).await,
    }
}

/// What a mailed link leads to.
async fn links(karen: &Karen, verb: &str, args: Args<'_>) -> Given {
    let (mail, token) = (karen.mail(), args.text("token"));
    match verb {
        "verify_email" => plain(mail.verify_email(token).await),
        "reset_password" => plain(mail.reset_password(token, args.text("new")).await),
        "recover" => plain(mail.recover(token, args.text("password")).await),
        _ => panic!("mail has no {verb}"),
    }
}
