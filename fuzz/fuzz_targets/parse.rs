//! Any text is parsed, checked and planned against the sample market: a plan or an error, and every error points into
//! the text.

#![no_main]

use decile::{
    Market, Strategy,
    diagnostic::{Diagnostics, Style, render},
    source::Span,
    syntax,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static SAMPLE: LazyLock<Market> = LazyLock::new(Market::sample);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = syntax::read_from(bytes) else { return };
    match Strategy::parse(&text).and_then(|s| Ok(s.compile(&*SAMPLE)?.warnings())) {
        Ok(warnings) => {
            assert!(!warnings.has_errors());
            well_formed(&warnings);
        }
        Err(errors) => {
            assert!(errors.has_errors());
            well_formed(&errors);
        }
    }
});

fn well_formed(diagnostics: &Diagnostics) {
    let inside = |span: Span| {
        let text = &diagnostics.sources.get(span.source).text;
        assert!(text.get(span.range()).is_some(), "{span:?} does not lie in the text");
    };
    for diagnostic in &diagnostics.list {
        assert!(!diagnostic.message.contains('\n'), "{}", diagnostic.message);
        for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
            inside(label.span);
        }
        for (span, _) in diagnostic.help.iter().filter_map(|h| h.change.as_ref()) {
            inside(*span);
        }
    }
    for style in [Style::Terminal, Style::Plain, Style::Short, Style::Json] {
        assert_eq!(
            render(diagnostics, style).is_empty(),
            diagnostics.list.is_empty() && style != Style::Json
        );
    }
}
