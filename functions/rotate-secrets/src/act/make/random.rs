//! A value of random bytes or characters. The former one stays readable under a second name for as
//! long as tokens signed with it live.

use nightshift::{
    config::{Form, Recipe},
    ledger::rotation::{Order, Why},
};

use super::{Act, Ground, Made, Trouble};
use crate::{act::token, store::Place, value::generate};

/// Random bytes or characters. The former value is kept under its second name before the new one is
/// published, so that whoever starts with the new one has both. What leaked is not kept.
pub(super) async fn make(
    act: &mut Act<'_>,
    ground: &Ground<'_>,
    recipe: Recipe<'_>,
    previous: Option<Place>,
) -> Result<Made, Trouble> {
    let recipe = match recipe {
        Recipe::Bytes { count, form } => generate::Recipe::bytes(
            count,
            match form {
                Form::Base64url => generate::Form::Base64Url,
                Form::Base64 => generate::Form::Base64,
                Form::Hex => generate::Form::Hex,
            },
        ),
        Recipe::Alphabet { count, of } => generate::Recipe::characters(of, count),
    };
    let value = recipe.and_then(|recipe| recipe.make());
    let value = value.map_err(|error| Trouble::generated(&ground.place, &error))?;
    if let Some(previous) = previous {
        let leaked = matches!(&ground.turn.why, Why::Asked(it) if it.order == Order::Leaked);
        let kept = if leaked { &value } else { &ground.present };
        let id = token::of(ground.turn, &previous, token::For::Copy);
        let copied = act.copy_to(&previous, kept, &id).await;
        copied.map_err(|failure| Trouble::new("set", failure))?;
    }
    Ok(Made {
        value,
        user: None,
        at_stake: None,
    })
}
