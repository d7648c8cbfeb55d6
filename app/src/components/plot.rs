//! Lines over days, drawn on the server as SVG.
//!
//! `plotters` writes colours as attributes and no styles, so that the content policy holds; the stylesheet replaces the
//! colours below by those of the theme. There are two drawings, as the text of one would be too small on a phone.

use chrono::NaiveDate;
use leptos::prelude::*;
use plotters::prelude::*;

/// Text, lines of the scale, then one colour for each line: names for the stylesheet, which nobody sees.
const INK: RGBColor = RGBColor(1, 1, 1);
const SCALE: RGBColor = RGBColor(2, 2, 2);
const LINES: [RGBColor; 2] = [RGBColor(10, 10, 10), RGBColor(11, 11, 11)];
/// On a desk, and on a phone.
const WIDE: (u32, u32) = (1040, 240);
const NARROW: (u32, u32) = (340, 220);

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it shows.
    pub name: &'static str,
    /// A value for each day; a day without one is a gap.
    pub values: Vec<Option<u64>>,
}

/// How values are written at the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes, in the unit that fits.
    Bytes,
    /// Milliseconds, in the unit that fits.
    Duration,
    /// Percent.
    Percent,
}

impl Unit {
    /// What the scale counts in, and its name.
    const fn step(self, most: u64) -> (u64, &'static str) {
        match self {
            Self::Count => (1, ""),
            Self::Percent => (1, " %"),
            Self::Duration => match most {
                0..=999 => (1, " ms"),
                1_000..=119_999 => (1_000, " s"),
                120_000..=7_199_999 => (60_000, " min"),
                _ => (3_600_000, " h"),
            },
            Self::Bytes => match most {
                0..=0x3ff => (1, " B"),
                0x400..=0xf_ffff => (1 << 10, " KiB"),
                0x10_0000..=0x3fff_ffff => (1 << 20, " MiB"),
                0x4000_0000..=0xff_ffff_ffff => (1 << 30, " GiB"),
                _ => (1 << 40, " TiB"),
            },
        }
    }
}

/// Up to two lines over the same days.
#[component]
pub fn Plot(
    /// What it shows, in a sentence, for those who do not see it.
    label: String,
    /// The days, one after the other.
    days: Vec<NaiveDate>,
    /// The lines.
    lines: Vec<Line>,
    /// What is counted.
    unit: Unit,
) -> impl IntoView {
    // A drawing that fails is left out: the table has the numbers.
    let wide = draw(WIDE, &days, &lines, unit).unwrap_or_default();
    let narrow = draw(NARROW, &days, &lines, unit).unwrap_or_default();
    let names = lines.iter().enumerate().map(|(place, line)| view! { <li class=format!("plot-name plot-name-{place}")>{line.name}</li> });
    view! {
        <figure class="plot">
            <div class="plot-wide" role="img" aria-label=label.clone() inner_html=wide></div>
            <div class="plot-narrow" role="img" aria-label=label inner_html=narrow></div>
            {(lines.len() > 1).then(|| view! { <figcaption><ul class="plot-names">{names.collect_view()}</ul></figcaption> })}
        </figure>
    }
    .into_any()
}

/// `value` in thousandths of the step, as a float without a lossy cast.
fn scaled(value: u64, step: u64) -> f64 {
    let thousandths = u128::from(value) * 1000 / u128::from(step);
    f64::from(u32::try_from(thousandths).unwrap_or(u32::MAX)) / 1000.0
}

fn draw(size: (u32, u32), days: &[NaiveDate], lines: &[Line], unit: Unit) -> Option<String> {
    let is_wide = size == WIDE;
    let most = lines.iter().flat_map(|line| line.values.iter().flatten()).max().copied().unwrap_or_default();
    let (step, name) = unit.step(most);
    // At least one whole thing, so that the scale has room for a zero and a one.
    let top = (scaled(most, step) * 1.1).max(1.0);
    let last = i32::try_from(days.len()).ok()?.checked_sub(1)?;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(10)
            .margin_right(if is_wide { 24 } else { 20 })
            .x_label_area_size(26)
            .y_label_area_size(64)
            .build_cartesian_2d(0..last.max(1), 0.0..top)
            .ok()?;
        let day = |place: &i32| {
            let day = usize::try_from(*place).ok().and_then(|place| days.get(place));
            day.map(|day| day.format("%-d %b").to_string()).unwrap_or_default()
        };
        let amount = |value: &f64| {
            let whole = value.fract() == 0.0;
            if whole { format!("{value:.0}{name}") } else { format!("{value:.1}{name}") }
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(if is_wide { 10 } else { 4 })
            .y_labels(5)
            .x_label_formatter(&day)
            .y_label_formatter(&amount)
            .label_style(("sans-serif", 15).into_font().color(&INK))
            .axis_style(SCALE)
            .bold_line_style(SCALE)
            .light_line_style(TRANSPARENT)
            .draw()
            .ok()?;
        for (line, color) in lines.iter().zip(LINES) {
            for run in runs(line, step) {
                if let [(place, value)] = run.as_slice() {
                    chart.draw_series([Circle::new((*place, *value), 3, color.filled())]).ok()?;
                } else {
                    chart.draw_series(LineSeries::new(run, color.stroke_width(2))).ok()?;
                }
            }
        }
        root.present().ok()?;
    }
    Some(svg)
}

/// The days that follow each other without a gap.
fn runs(line: &Line, step: u64) -> Vec<Vec<(i32, f64)>> {
    let points = line.values.iter().zip(0_i32..).map(|(value, place)| value.map(|value| (place, scaled(value, step))));
    let mut runs = vec![Vec::new()];
    for point in points {
        match (point, runs.last_mut()) {
            (Some(point), Some(run)) => run.push(point),
            (None, _) => runs.push(Vec::new()),
            (Some(_), None) => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[Option<u64>], unit: Unit) -> String {
        let first = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
        let days: Vec<_> = first.iter_days().take(values.len()).collect();
        draw(WIDE, &days, &[Line { name: "Stored", values: values.to_vec() }], unit).unwrap()
    }

    #[test]
    fn a_drawing_holds_no_style_and_no_script() {
        let svg = drawn(&[Some(1), None, Some(5 << 30)], Unit::Bytes);
        for forbidden in ["style", "<script", "href", "on="] {
            assert!(!svg.contains(forbidden), "{forbidden}: {svg}");
        }
        assert!(svg.contains("GiB") && svg.contains("1 Jan"), "{svg}");
    }

    #[test]
    fn a_day_without_a_value_is_a_gap_and_one_alone_a_dot() {
        let svg = drawn(&[Some(1), None, Some(2), Some(3)], Unit::Count);
        assert_eq!(svg.matches("<circle").count(), 1);
        assert_eq!(svg.matches("stroke=\"#0A0A0A\" stroke-width=\"2\"").count(), 1);
    }

    #[test]
    fn nothing_at_all_can_be_drawn_too() {
        for values in [&[None, None][..], &[Some(0)], &[Some(u64::MAX), Some(0)]] {
            assert!(drawn(values, Unit::Bytes).ends_with("</svg>\n"), "{values:?}");
        }
    }
}
