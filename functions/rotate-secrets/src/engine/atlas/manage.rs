//! The inactive user is made like the present one, given a password, and taken out of use. Each can be
//! done again at any time; the present user is only ever read.

use serde::Serialize;
use serde_json::Value as Json;

use super::api::{Api, Call, Project, Session};
use super::error::Place;
use super::user::User;
use super::{Action, Cause, Error};
use crate::engine::postgres::Sessions;
use crate::users::Inactive;
use crate::value::{Value, generate, url::encoded};

/// What is sent to change a user: what is left out stays as it is.
#[derive(Serialize)]
struct Change<'a> {
    password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a [Json]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<&'a [Json]>,
}

/// What is sent to make one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct New<'a> {
    database_name: &'static str,
    group_id: &'a str,
    username: &'a str,
    password: &'a str,
    roles: &'a [Json],
    scopes: &'a [Json],
    labels: &'a [Json],
}

impl Api {
    /// Gives the inactive user a password, and the roles and clusters of the present one; makes it where
    /// it is not there yet. Its password and its roles change in one call, or not at all.
    ///
    /// Atlas answers before its clusters have taken the change.
    /// <https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-updategroupdatabaseuser>
    ///
    /// # Errors
    /// When either user cannot be looked up or is none with a password, or the change is refused.
    pub async fn set(
        &self,
        project: Project<'_>,
        inactive: &Inactive,
        password: &Value,
    ) -> Result<(), Error> {
        let (user, present) = (inactive.user(), inactive.present());
        let failed = |action: Action| {
            move |cause| Error {
                action,
                place: Place::Project(project.id.to_owned()),
                cause,
            }
        };
        let session = self.open(project).await;
        let session = session.map_err(failed(Action::Look(present.to_owned())))?;
        let model = session.user(present).await.and_then(|found| {
            let missing = Cause::NoUser(present.to_owned());
            found.ok_or(missing)
        });
        let model = model.map_err(failed(Action::Look(present.to_owned())))?;
        let known = session.user(user).await;
        let known = known.map_err(failed(Action::Look(user.to_owned())))?;
        let done = match known {
            Some(known) => session.change(user, &known, &model, password).await,
            None => session.make(project.id, user, &model, password).await,
        };
        done.map_err(failed(Action::Set(user.to_owned())))
    }

    /// Takes the inactive user out of use. Atlas has no disabled users, so it gets a password that
    /// nobody knows: unlike a user that was deleted it keeps its roles, and Terraform, which would make
    /// a missing user again with the old password of its state, sees no difference. But a connection
    /// that is open lives on after that, so where sessions are to end, because the password has leaked,
    /// the user is deleted; the next turn makes it again.
    ///
    /// A user that is not there is out of use.
    ///
    /// # Errors
    /// When it is refused, or the operating system gives no randomness.
    pub async fn disable(
        &self,
        project: Project<'_>,
        inactive: &Inactive,
        sessions: Sessions,
    ) -> Result<(), Error> {
        let user = inactive.user();
        let work = async {
            let session = self.open(project).await?;
            let done = match sessions {
                Sessions::Keep => {
                    let unknown = generate::password().map_err(|_| Cause::Randomness)?;
                    let change = Change {
                        password: unknown.expose(),
                        roles: None,
                        scopes: None,
                    };
                    session.ask("PATCH", &one(user), Some(&change), user).await
                }
                Sessions::End => session.ask::<()>("DELETE", &one(user), None, user).await,
            };
            match done {
                Ok(_) | Err(Cause::NoUser(_)) => Ok(()),
                Err(cause) => Err(cause),
            }
        };
        work.await.map_err(|cause| Error {
            action: Action::Disable(user.to_owned()),
            place: Place::Project(project.id.to_owned()),
            cause,
        })
    }
}

impl Session<'_> {
    /// A user; none where there is none.
    async fn user(&self, name: &str) -> Result<Option<User>, Cause> {
        let found = self.ask::<()>("GET", &one(name), None, name).await;
        let found = match found {
            Err(Cause::NoUser(_)) => return Ok(None),
            found => found?,
        };
        let user: User = serde_json::from_value(found).map_err(|_| Cause::Odd)?;
        Ok(Some(user))
    }

    async fn change(
        &self,
        name: &str,
        known: &User,
        model: &User,
        password: &Value,
    ) -> Result<(), Cause> {
        if !known.has_password() {
            return Err(Cause::NoPassword(name.to_owned()));
        }
        if known.is_temporary() {
            return Err(Cause::Temporary(name.to_owned()));
        }
        let differs = !known.is_like(model);
        let change = Change {
            password: password.expose(),
            roles: differs.then_some(model.roles.as_slice()),
            scopes: differs.then_some(model.scopes.as_slice()),
        };
        self.ask("PATCH", &one(name), Some(&change), name).await?;
        Ok(())
    }

    async fn make(
        &self,
        project: &str,
        name: &str,
        model: &User,
        password: &Value,
    ) -> Result<(), Cause> {
        let new = New {
            database_name: "admin",
            group_id: project,
            username: name,
            password: password.expose(),
            roles: &model.roles,
            scopes: &model.scopes,
            labels: &model.labels,
        };
        self.ask("POST", "", Some(&new), name).await?;
        Ok(())
    }

    async fn ask<T: Serialize>(
        &self,
        method: &'static str,
        path: &str,
        body: Option<&T>,
        user: &str,
    ) -> Result<Json, Cause> {
        let body = body.map(serde_json::to_vec).transpose();
        let body = body.map_err(|_| Cause::Odd)?.map(zeroize::Zeroizing::new);
        let body = body.as_ref().map(|body| body.as_slice());
        let call = Call {
            method,
            path,
            body,
            user,
        };
        self.call(call).await
    }
}

/// The path of one user; those with a password authenticate against `admin`.
fn one(user: &str) -> String {
    format!("/admin/{}", encoded(user))
}
