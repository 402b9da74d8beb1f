//! Two users take turns: only the one that no running task holds is ever touched.

use thiserror::Error;

/// The one of two users whose password may be replaced, because nobody uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inactive {
    user: String,
    present: String,
}

/// Two users of one name cannot take turns.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`users` names {0} twice: two users that take turns are needed")]
pub struct SameUser(String);

impl Inactive {
    /// Of two users the one that is not `present`; the first where `present` is neither, as before
    /// the first rotation.
    ///
    /// # Errors
    /// When the two are one.
    pub fn of(users: &[String; 2], present: &str) -> Result<Self, SameUser> {
        let [first, second] = users;
        if first == second {
            return Err(SameUser(first.clone()));
        }
        let user = if first == present { second } else { first };
        Ok(Self {
            user: user.clone(),
            present: present.to_owned(),
        })
    }

    /// The user whose turn it is.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The user that the running tasks hold.
    #[must_use]
    pub fn present(&self) -> &str {
        &self.present
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_the_turn_of_the_present_user() {
        let users = ["app_a".to_owned(), "app_b".to_owned()];
        for (present, wanted) in [
            ("app_a", "app_b"),
            ("app_b", "app_a"),
            ("postgres", "app_a"),
        ] {
            let inactive = Inactive::of(&users, present).unwrap();
            assert_eq!(inactive.user(), wanted, "{present}");
            assert_eq!(inactive.present(), present);
        }
    }

    #[test]
    fn one_user_cannot_take_turns_with_itself() {
        let users = ["app".to_owned(), "app".to_owned()];
        assert!(Inactive::of(&users, "app").is_err());
        assert!(Inactive::of(&users, "other").is_err());
    }
}
