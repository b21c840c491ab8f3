//! Every complaint Decile can make, once: its name, what it means, whether it is about data.

/// One row of the table.
#[derive(Debug)]
pub struct CodeEntry {
    /// The name shown in brackets: `unknown-name`.
    pub name: &'static str,
    /// What it means and what to do, in a sentence or two.
    pub explanation: &'static str,
    /// A strategy that gives it, where a text alone can; otherwise empty.
    pub example: &'static str,
    /// Whether the fault lies in data (exit code 3) rather than in a strategy (exit code 1).
    pub about_data: bool,
}

macro_rules! codes {
    ($($group:ident { $($variant:ident $name:literal $explanation:literal $($example:literal)?;)* })*) => {
        /// Which complaint it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[doc = $explanation] $variant,)*)* }

        /// The table, in the order of the reference.
        pub const CODES: &[(Code, CodeEntry)] = &[$($(
            (Code::$variant, CodeEntry {
                name: $name,
                explanation: $explanation,
                example: concat!($($example)?),
                about_data: codes!(@$group),
            }),
        )*)*];
    };
    (@text) => { false };
    (@data) => { true };
}

impl Code {
    /// Its row of the table.
    pub fn entry(self) -> &'static CodeEntry {
        &CODES[self as usize].1
    }

    /// The name shown in brackets.
    pub fn name(self) -> &'static str {
        self.entry().name
    }
}

codes! {
    text {
        Syntax "syntax" "The text does not follow the grammar at this place." "select top 50 of value";
        TooLong "too-long" "A strategy text is at most one MiB.";
        TooDeep "too-deep" "Brackets nest at most 200 deep, operators 500; give parts of the expression names with `let`.";
        TooLarge "too-large" "Definitions expand to more expressions than any strategy needs.";
        NotUtf8 "not-utf8" "A strategy is UTF-8 text.";
        EmptyFile "empty-file" "The file holds no clause and no strategy." "let cheap = value";
        DuplicateClause "duplicate-clause" "A clause may stand once in a strategy, but for `where`, `cap`, `floor`, `limit`, `cost`, `exit` and `expect`." "select top 50 by value weight equal weight score";
        DuplicateName "duplicate-name" "A name is defined once in a file." "let a = value let a = momentum select top 50 by a";
        UnknownName "unknown-name" "The name is no `let` or `param`, no field of the loaded market, and not in the library." "select top 50 by valeu";
        AmbiguousName "ambiguous-name" "The name is both in the library and a field; write `std.NAME` or `TABLE.NAME`.";
        MissingField "missing-field" "The definition needs a field that the loaded market does not have.";
        Arguments "arguments" "The call's arguments do not fit the parameters." "select top 50 by ts_mean(close)";
        TypeMismatch "type-mismatch" "The kind or shape of the expression is not the one that is wanted here." "select top 50 by sector";
        UnitMismatch "unit-mismatch" "Two known units that do not go together are added or compared." "select top 50 by market_cap + momentum";
        BasisMismatch "basis-mismatch" "A price and a share count refer to different split bases, so their product means nothing.";
        AdjustedPrice "adjusted-price" "A price adjusted by later splits is compared with a constant: the level is not the one that was traded." "where close > 5 select top 50 by value";
        OutOfRange "out-of-range" "The number lies outside what makes sense here." "select top 0 by value";
        LookAhead "look-ahead" "The expression would see the future." "select top 50 by lag(close, -1)";
        Recursion "recursion" "A definition needs itself." "let a = a + 1 select top 50 by a";
        UseCircle "use-circle" "Files use each other in a circle.";
        UnreadableFile "unreadable-file" "The file cannot be read.";
        MissingClause "missing-clause" "A strategy needs this clause." "weight equal";
        UnknownParameter "unknown-parameter" "`--set` names no `param` of the file.";
        ThisClose "this-close" "Trading at the close that the decision was made from is not possible in practice." "select top 50 by value trade at this close";
        Expectation "expectation" "An `expect` of the strategy does not hold at a decision.";
        Infeasible "infeasible" "No portfolio satisfies all constraints at once." "select top 50 by value cap position 1%";
        EmptyRun "empty-run" "There is no date at which the strategy has enough assets to start." "from 2030-01-01 select top 50 by value";
        BadScore "bad-score" "The weights cannot be made from these values." "select top 50 by -value weight score";
        Internal "internal" "Decile has broken a law that it checks itself: a fault of the program, not of the input.";
        OutputFolder "output-folder" "The results cannot be written there; nothing was changed.";
    }
    data {
        DataNotFound "data-not-found" "There are no data at this path.";
        DataUnreadable "data-unreadable" "The file cannot be read as what it should be.";
        DataFormat "data-format" "The file's form is not one Decile knows.";
        HistoryChanged "history-changed" "New data say of the past what the stored market does not.";
        MissingColumn "missing-column" "A column that is needed is not in the file.";
        BadDate "bad-date" "A date cannot be read.";
        BadNumber "bad-number" "A number cannot be read.";
        BadPrice "bad-price" "A price is zero or negative.";
        DuplicateRow "duplicate-row" "The same symbol and date stand twice.";
        NoRows "no-rows" "The table has no rows.";
        BadCatalog "bad-catalog" "`market.toml` does not say what it should.";
        BrokenStore "broken-store" "The stored market is damaged or was made by another version of Decile; import it again.";
        SparseSession "sparse-session" "Dates with under a fifth of the usual assets are no sessions and were left out.";
        DataNote "data-note" "Something about the data that the reader should know.";
    }
}
