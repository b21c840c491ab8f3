//! The table of checks: what each finds, beyond which threshold, and what a finding may mean.

use serde::Serialize;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot be true, or the importer refuses it: results on these data are wrong.
    Error,
    /// It is seldom true, or it makes results better than they were.
    Warning,
    /// The reader should know.
    Note,
}

impl Severity {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct CheckEntry {
    /// The name shown in brackets: `duplicate-row`.
    pub name: &'static str,
    /// The part of the data it looks at, a heading of the reference.
    pub section: &'static str,
    /// What it finds.
    pub finds: &'static str,
    /// From where on, in words.
    pub threshold: fn() -> String,
    /// How grave a finding is.
    pub severity: &'static str,
    /// What a finding may mean.
    pub means: &'static str,
    /// What to do.
    pub mend: &'static str,
    /// Why it is looked for, and where the threshold comes from.
    pub source: &'static str,
}

/// The thresholds.
pub(super) mod limit {
    /// By what part of the price a close or open may lie outside of low and high.
    pub(in super::super) const OUTSIDE: f64 = 0.001;
    /// The same, in units of the price: half a cent of rounding.
    pub(in super::super) const OUTSIDE_UNITS: f64 = 0.006;
    /// Rows after which a spike must be undone.
    pub(in super::super) const SPIKE_ROWS: usize = 5;
    /// The least factor of a spike.
    pub(in super::super) const SPIKE_FACTOR: f64 = 1.5;
    /// How many times an asset's own usual move.
    pub(in super::super) const SPIKE_SCALES: f64 = 10.0;
    /// The factor of a spike that is told whatever is usual.
    pub(in super::super) const SPIKE_ALWAYS: f64 = 3.0;
    /// The factor of a jump that is told whatever is usual.
    pub(in super::super) const JUMP_ALWAYS: f64 = 10.0;
    /// What part of the move may remain.
    pub(in super::super) const SPIKE_REMAINS: f64 = 0.25;
    /// From this factor on a spike cannot be true.
    pub(in super::super) const SPIKE_ERROR: f64 = 10.0;
    /// The least factor of a jump that stays.
    pub(in super::super) const JUMP_FACTOR: f64 = 3.0;
    /// Calendar days without a row that make a gap which a jump may bridge.
    pub(in super::super) const GAP_DAYS: i32 = 7;
    /// The least factor of a jump across a gap.
    pub(in super::super) const GAP_FACTOR: f64 = 1.3;
    /// How many times the usual move of as many sessions.
    pub(in super::super) const GAP_SCALES: f64 = 5.0;
    /// The most sessions whose usual move counts.
    pub(in super::super) const GAP_USUAL: u32 = 20;
    /// Sessions without a row that make a gap.
    pub(in super::super) const GAP_SESSIONS: u32 = 6;
    /// Rows with the same close, with trades.
    pub(in super::super) const STALE_ROWS: usize = 10;
    /// How likely a stretch of so many rows may be in the asset's life.
    pub(in super::super) const STALE_CHANCE: f64 = 0.05;
    /// Rows with the same close, whatever the volume.
    pub(in super::super) const DEAD_ROWS: usize = 20;
    /// The factors of units: hundredths and thousands.
    pub(in super::super) const UNITS: [f64; 2] = [100.0, 1000.0];
    /// How far from such a factor a level may shift.
    pub(in super::super) const UNIT_NEAR: f64 = 0.15;
    /// Splits that are looked for, as new shares for each old one.
    pub(in super::super) const SPLITS: [f64; 14] =
        [1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0];
    /// How far from the ratio of a split a move may lie.
    pub(in super::super) const SPLIT_NEAR: f64 = 0.03;
    /// How many times the asset's usual move, and that of the month before.
    pub(in super::super) const SPLIT_SCALES: f64 = 8.0;
    /// Splits that prices must show.
    pub(in super::super) const LARGE_SPLIT: f64 = 1.4;
    /// The part of a split's move that prices must show, in logarithms.
    pub(in super::super) const SPLIT_MOVE: f64 = 0.4;
    /// Rows of which the others of the market are told apart: assets with a return on the day.
    pub(in super::super) const MARKET_ASSETS: u32 = 20;
    /// Rows an asset should have.
    pub(in super::super) const SHORT_ROWS: usize = 20;
    /// The part of the assets that should leave in a year.
    pub(in super::super) const LEAVERS: f64 = 0.01;
    /// Leavers of one day that are the end of a source rather than companies that went.
    pub(in super::super) const COMMON_END: f64 = 0.2;
    /// Days after the end of a period before which hardly any report is published.
    pub(in super::super) const EARLY_DAYS: i32 = 10;
    /// The part of the reports that may be as early as that.
    pub(in super::super) const EARLY_SHARE: f64 = 0.01;
    /// Against the field's median year.
    pub(in super::super) const COVERAGE: f64 = 0.5;
}

macro_rules! checks {
    ($($section:literal { $($variant:ident $name:literal $severity:literal
        $finds:literal
        threshold: $threshold:expr,
        means: $means:literal
        mend: $mend:literal
        source: $source:literal
    )* })*) => {
        /// Which check it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Check { $($(#[doc = $finds] $variant,)*)* }

        /// The table, in the order of the reference.
        pub const CHECKS: &[(Check, CheckEntry)] = &[$($(
            (Check::$variant, CheckEntry {
                name: $name,
                section: $section,
                finds: $finds,
                threshold: || $threshold,
                severity: $severity,
                means: $means,
                mend: $mend,
                source: $source,
            }),
        )*)*];
    };
}

impl Check {
    /// Its row of the table.
    pub fn entry(self) -> &'static CheckEntry {
        &CHECKS[self as usize].1
    }
}

checks! {
    "Rows" {
        Unreadable "unreadable" "error"
            "A cell that is not what its column holds, or a table that cannot be used."
            threshold: "each".to_owned(),
            means: "The file was cut off, is of another form than it seems, or writes missing values in a way of its own."
            mend: "Mend the cell; `date_format`, `missing` and `ignore` of a `market.toml` say what is meant."
            source: "The importer refuses such a table."
        DamagedFile "damaged-file" "error"
            "A file of a stored market is not the one that was written."
            threshold: "each, by its checksum".to_owned(),
            means: "The disk, a copy or a hand changed it."
            mend: "Import the market again."
            source: "Opening maps the files and compares only their lengths, as reading them all would take too long."
        DuplicateRow "duplicate-row" "error; a note where the catalog says `duplicates = \"last\"`"
            "The same symbol and date stand twice."
            threshold: "each".to_owned(),
            means: "Two downloads overlap, or two listings share a symbol."
            mend: "Delete one, or say `duplicates = \"last\"`."
            source: "The importer refuses them: which of the two is true cannot be known."
        NonpositivePrice "nonpositive-price" "error; a note where the catalog says `nonpositive_prices = \"missing\"`"
            "A price, or an adjusted close, of zero or below."
            threshold: "0".to_owned(),
            means: "Zero stands for a missing price; an adjusted close falls below zero where dividends were subtracted, or where two companies were mixed."
            mend: "Say `nonpositive_prices = \"missing\"`, or leave out the symbol."
            source: "The importer refuses them: no return can be told from such a price."
        HighBelowLow "high-below-low" "error"
            "The high of a row is lower than its low."
            threshold: "each".to_owned(),
            means: "The columns are mixed up, or the row is of two sources."
            mend: "Mend the row, or `ignore` high and low if they are not needed."
            source: "It cannot be true."
        OutsideRange "outside-range" "warning"
            "The open or close of a row lies above its high or below its low."
            threshold: format!("by over {}% of the price and {} units", limit::OUTSIDE * 100.0, limit::OUTSIDE_UNITS),
            means: "Prices of different sources or adjustments stand in one row; an official close is sometimes not a trade of the day."
            mend: "Use the row with care: whatever is made of high and low is wrong there."
            source: "Half a cent of rounding and single precision are let pass."
        VolumeZeroMove "zero-volume-move" "warning"
            "The close changes on a row whose volume is zero."
            threshold: "each".to_owned(),
            means: "The price is a quote, or comes from another source or company than the volume; nobody could trade at it."
            mend: "Demand volume in `where`, such as `ts_mean(volume, 20d) > 10000`; leave out symbols with many such rows."
            source: "A price without a trade is not one that a book can be kept at."
    }
    "Prices in time" {
        Spike "spike" "warning; error from ×10 on"
            "A price that leaves its level and comes back."
            threshold: format!(
                "by a factor of {} and {} times the asset's usual move (1.48 × the median of |log return| over its life, and over the 20 rows before), or by a factor of {}, undone to a quarter within {} rows; error from {} on; a cent more or less does not count",
                limit::SPIKE_FACTOR, limit::SPIKE_SCALES, limit::SPIKE_ALWAYS, limit::SPIKE_ROWS, limit::SPIKE_ERROR
            ),
            means: "A misprint, a misplaced point, or rows of another company under the same symbol; seldom a real panic."
            mend: "Delete the rows or mend them at the source; a strategy that holds the asset over them has a false return."
            source: "A robust scale, as spikes must not hide themselves. These thresholds leave 1 finding in 2.5 M rows of cleaned US prices; of 21 findings in raw ones that were looked at, 13 are false prints and the others news."
        UnitBreak "unit-break" "error"
            "The level shifts by a hundred or a thousand and stays there."
            threshold: format!("within {}% of ×100, ×1000, 1/100 or 1/1000, medians of five rows before and after", limit::UNIT_NEAR * 100.0),
            means: "The unit changed: pence and pounds, cents and dollars, thousands."
            mend: "Multiply one part of the asset's rows; or split it into two symbols."
            source: "No share moves so; splits by these ratios are far rarer than changes of unit."
        UnadjustedSplit "unadjusted-split" "warning"
            "The price falls or rises by the ratio of a split between two closes and stays, with an ordinary day's range and without the market; volume does not contradict."
            threshold: format!(
                "within {}% of 3/2, 2, 5/2, 3 … 30, or 1/2, 1/3 … 1/30, in returns less the market's, and {} times the asset's usual move",
                limit::SPLIT_NEAR * 100.0, limit::SPLIT_SCALES
            ),
            means: "A split that the prices, or their total return, are not adjusted for."
            mend: "Take adjusted closes, a column of returns or a table of splits; in raw prices without any, each split is a false return."
            source: "Moves on the days of a table of splits are none. Of 15 findings in 3.1 M rows of raw US prices with returns, 13 are splits that the returns missed; there is none in 2.5 M rows of adjusted closes. Without the returns, 77 of 287 known splits are found as such (37 of 46 two for one), and 247 by some check, as jumps above all."
        SplitNotInPrices "split-not-in-prices" "warning"
            "Prices are said to be as traded, and on the day of a split they do not move as by one."
            threshold: format!(
                "splits of {} and more, a move of less than {:.0}% of theirs",
                limit::LARGE_SPLIT, limit::SPLIT_MOVE * 100.0
            ),
            means: "The prices are adjusted already, or the date of the split is not that of the prices."
            mend: "Say `basis = \"split_adjusted\"`, or correct the date: it is the first day on which the price is of the new shares."
            source: "Otherwise the return of that day is false by the ratio of the split."
        Jump "jump" "warning"
            "A move in one row by a large factor that stays and is no split."
            threshold: format!(
                "by a factor of {} and {} times the asset's usual move, or by a factor of {}; a cent more or less does not count",
                limit::JUMP_FACTOR, limit::SPIKE_SCALES, limit::JUMP_ALWAYS
            ),
            means: "The symbol went to another company, a spin-off or split is not adjusted, or it is true: a failed trial, a takeover."
            mend: "Look it up; part the symbol where it changed hands."
            source: "Moves by three and more are seldom true, and decide a backtest that holds them: 3 in 2.5 M rows of cleaned US prices."
        GapJump "gap-jump" "warning"
            "The price jumps across days on which the asset has no rows."
            threshold: format!(
                "over {} days apart, by a factor of {} and {} times the usual move of so many sessions, at most {}",
                limit::GAP_DAYS, limit::GAP_FACTOR, limit::GAP_SCALES, limit::GAP_USUAL
            ),
            means: "A name that left an index and came back, a symbol that was used again, a halt: the return over the gap was nobody's in one row."
            mend: "Get the rows between, or part the symbol."
            source: "AMD in 2017, in prices of index members only: +277% in one row."
        StalePrice "stale-price" "warning; a note without trades"
            "The same close over many rows."
            threshold: format!(
                "{} rows with volume on most of them, if that is not to be expected from how often this asset's close stays ({}%); or {} rows",
                limit::STALE_ROWS, limit::STALE_CHANCE * 100.0, limit::DEAD_ROWS
            ),
            means: "A feed that stands still, a halt, an offer in cash, a share that nobody trades."
            mend: "Demand volume or recent changes in `where`; leave out what follows a delisting."
            source: "Volatility and correlations of such rows are false, and low-volatility portfolios collect them."
        Gap "gap" "warning"
            "Sessions without a row in the middle of an asset's life."
            threshold: format!("{} in a row or more", limit::GAP_SESSIONS),
            means: "The source lost rows, the asset was halted, or has rows only while it is a member of something."
            mend: "Get the rows; a holding is kept at its last price over the gap."
            source: "Up to five missing sessions occur in cleaned data, as halts do."
        ShortHistory "short-history" "note"
            "Assets with few rows."
            threshold: format!("under {}", limit::SHORT_ROWS),
            means: "When-issued shares, rights, or symbols that were cut off."
            mend: "Nothing, if windows ask for more rows anyway."
            source: "A month of rows is too little for any factor."
    }
    "Sessions" {
        MissingSession "missing-session" "warning"
            "Weekdays (in data of seven days a week, any days) on which no asset has a price, and that are no holiday of other years."
            threshold: "each day; a holiday is one that two other years have as well (one, in up to four years): by date, weekday of the month, weekend moved to Monday or Friday, or distance to Easter".to_owned(),
            means: "A day was lost; or the exchange was closed on a day of its own."
            mend: "Get the day; every window that crosses it is one session longer than it says."
            source: "No list of holidays is shipped: the data's other years tell them."
        EmptySession "empty-session" "warning"
            "Days on which under a fifth of the usual assets have a price."
            threshold: "a fifth of the median of the twenty dates before and after".to_owned(),
            means: "A holiday with strays, or a day that was lost for most assets."
            mend: "Nothing for a holiday: such days are no sessions. Get the day if it was one."
            source: "The rule by which the importer leaves such days out."
    }
    "Survivors and coverage" {
        Survivors "survivors" "warning"
            "Hardly any asset leaves before the data end."
            threshold: format!("under {}% of the assets a year", limit::LEAVERS * 100.0),
            means: "Only companies that still traded when the data were gathered are there: their past returns are too good."
            mend: "Get data with delisted names; else read results as those of survivors."
            source: "In US data with all names (2015 to 2017), 8% leave a year. The bias measured on members of the S&P 500 is 2% a year."
        CommonEnd "common-end" "warning"
            "Many assets end on the same day, before the last session."
            threshold: format!("{}% of all that end early, and at least five", limit::COMMON_END * 100.0),
            means: "A source ends there, rather than so many companies: they are no delistings."
            mend: "End runs there, or get the rest."
            source: "Files that were put together from several downloads."
        Coverage "coverage" "note; a warning for prices"
            "Years in which a field is there for far fewer assets than usual."
            threshold: format!("under {} of the field's median year", limit::COVERAGE),
            means: "The source begins later or ends earlier than the prices: the strategy sees other companies in those years."
            mend: "Begin the run where the field is there."
            source: "A backtest that starts before its data picks from a chance few."
        UndatedLabel "undated-label" "note"
            "A label that never changes."
            threshold: "each field".to_owned(),
            means: "Today's sector stands in all years: companies that moved, or are gone, are missing or wrong."
            mend: "Give labels with dates where the source has them."
            source: "What the file knew on its own day is used on all others."
    }
    "Reports" {
        EarlyPublication "early-publication" "warning; error before the period's end"
            "Reports that are published too soon after the end of their period."
            threshold: format!(
                "before the end; or over {}% of the records within {} days of it",
                limit::EARLY_SHARE * 100.0, limit::EARLY_DAYS
            ),
            means: "The date is that of the period, not of the publication: the strategy knows figures weeks before anyone did."
            mend: "Name the column of the filing's date as `published`; else leave it out and declare a `lag`."
            source: "Of 31,729 filings of US companies none came within ten days after the period's end, and six within fifteen."
        OneVersion "one-version" "note"
            "No figure was ever restated, although dates of publication are given."
            threshold: "at least 200 records and not one period with two".to_owned(),
            means: "Later corrections have replaced what was first published, under the first date."
            mend: "Get figures as first reported, or a history of versions."
            source: "In US filings one period in a hundred is filed twice."
        LaggedPublication "lagged-publication" "note"
            "Reports whose date of publication is not known and assumed."
            threshold: "each table".to_owned(),
            means: "They stand at the declared `lag` after the period's end: some were public earlier, some later."
            mend: "Get the dates of the filings."
            source: "95% of annual reports of US companies come within 90 days."
    }
}
