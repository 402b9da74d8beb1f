//! The emoji that have a name here: those that alarms, reports and reactions use. Slack knows some
//! thousands; a name that is missing is refused as a reaction and shown as it is written.

/// Each name with its picture, by name.
const EMOJI: &[(&str, &str)] = &[
    ("+1", "👍"),
    ("-1", "👎"),
    ("alarm_clock", "⏰"),
    ("arrow_down", "⬇️"),
    ("arrow_right", "➡️"),
    ("arrow_up", "⬆️"),
    ("arrows_counterclockwise", "🔄"),
    ("bar_chart", "📊"),
    ("bell", "🔔"),
    ("boom", "💥"),
    ("broken_heart", "💔"),
    ("bug", "🐛"),
    ("bulb", "💡"),
    ("calendar", "📆"),
    ("chart_with_downwards_trend", "📉"),
    ("chart_with_upwards_trend", "📈"),
    ("clock1", "🕐"),
    ("clock10", "🕙"),
    ("clock1030", "🕥"),
    ("clock11", "🕚"),
    ("clock1130", "🕦"),
    ("clock12", "🕛"),
    ("clock1230", "🕧"),
    ("clock130", "🕜"),
    ("clock2", "🕑"),
    ("clock230", "🕝"),
    ("clock3", "🕒"),
    ("clock330", "🕞"),
    ("clock4", "🕓"),
    ("clock430", "🕟"),
    ("clock5", "🕔"),
    ("clock530", "🕠"),
    ("clock6", "🕕"),
    ("clock630", "🕡"),
    ("clock7", "🕖"),
    ("clock730", "🕢"),
    ("clock8", "🕗"),
    ("clock830", "🕣"),
    ("clock9", "🕘"),
    ("clock930", "🕤"),
    ("closed_book", "📕"),
    ("construction", "🚧"),
    ("crescent_moon", "🌙"),
    ("exclamation", "❗"),
    ("eyes", "👀"),
    ("fire", "🔥"),
    ("gear", "⚙️"),
    ("green_heart", "💚"),
    ("hammer_and_wrench", "🛠️"),
    ("heart", "❤️"),
    ("heavy_check_mark", "✔️"),
    ("hourglass", "⌛"),
    ("hourglass_flowing_sand", "⏳"),
    ("information_source", "ℹ️"),
    ("key", "🔑"),
    ("large_blue_circle", "🔵"),
    ("large_green_circle", "🟢"),
    ("large_orange_circle", "🟠"),
    ("large_yellow_circle", "🟡"),
    ("leftwards_arrow_with_hook", "↩️"),
    ("link", "🔗"),
    ("lock", "🔒"),
    ("mag", "🔍"),
    ("moneybag", "💰"),
    ("mute", "🔇"),
    ("negative_squared_cross_mark", "❎"),
    ("no_bell", "🔕"),
    ("no_entry", "⛔"),
    ("no_entry_sign", "🚫"),
    ("ok_hand", "👌"),
    ("package", "📦"),
    ("pray", "🙏"),
    ("pushpin", "📌"),
    ("question", "❓"),
    ("raised_hands", "🙌"),
    ("red_circle", "🔴"),
    ("rocket", "🚀"),
    ("rotating_light", "🚨"),
    ("sleeping", "😴"),
    ("small_red_triangle", "🔺"),
    ("small_red_triangle_down", "🔻"),
    ("snowflake", "❄️"),
    ("sos", "🆘"),
    ("sparkles", "✨"),
    ("stopwatch", "⏱️"),
    ("sunny", "☀️"),
    ("sunrise", "🌅"),
    ("tada", "🎉"),
    ("thumbsdown", "👎"),
    ("thumbsup", "👍"),
    ("turtle", "🐢"),
    ("warning", "⚠️"),
    ("wave", "👋"),
    ("white_check_mark", "✅"),
    ("white_circle", "⚪"),
    ("wrench", "🔧"),
    ("x", "❌"),
    ("zap", "⚡"),
    ("zzz", "💤"),
];

/// What an emoji of this name looks like.
pub(crate) fn picture(name: &str) -> Option<&'static str> {
    let found = EMOJI.binary_search_by(|(known, _)| known.cmp(&name));
    found
        .ok()
        .and_then(|index| EMOJI.get(index))
        .map(|(_, it)| *it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_so_that_each_is_found() {
        for (name, shown) in EMOJI {
            assert_eq!(picture(name), Some(*shown), "{name}");
        }
        assert_eq!(picture("no_such_emoji"), None);
    }
}
