//! Tables and pictures.

use super::*;

fn comparison(names: &[&str]) -> Comparison {
    let trace = trace(&[(0, 100), (1_800, 900), (3_600, 200)]);
    let mut setup = setup(20);
    setup.plant.price_micros = 96_000;
    let policy = contender(builtin("threshold"), builtin("weighted"));
    let runs = names.iter().map(|name| Outcome {
        name: (*name).to_owned(),
        ..play(&trace, &setup, &policy)
    });
    Comparison::of(&trace, &setup, runs.collect()).unwrap()
}

#[test]
fn the_table_has_a_column_for_each_policy_and_the_bounds() {
    let table = table(&comparison(&["one", "a policy with a very long name"]));
    let head = table.lines().find(|line| line.contains("ideal")).unwrap();
    let words: Vec<&str> = head
        .split("  ")
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    assert_eq!(words, ["one", "a policy with a v…", "ideal", "oracle"]);
    for row in [
        "node-hours",
        "cost",
        "over capacity",
        "refused",
        "flaps",
        "fuel, median / p99",
    ] {
        assert!(table.contains(row), "{row}: {table}");
    }
    let widest = table.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= 100), "{table}");
}

#[test]
fn pictures_are_drawn_in_both_forms() {
    let comparison = comparison(&["one", "<two> & \"three\""]);
    let picture = Picture::of(&comparison);
    let svg = picture.svg();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    for words in [
        "audience",
        "booting",
        "UTC",
        "&lt;two&gt; &amp; &quot;three&quot;",
    ] {
        assert!(svg.contains(words), "{words}");
    }
    let png = picture.png().unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&png))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(frame.width, 2_400);
    let painted = pixels.chunks(3).filter(|pixel| *pixel != [255, 255, 255]);
    let part = painted.count() * 300 / pixels.len();
    assert!(
        (15..90).contains(&part),
        "{part} % of the picture is not white"
    );
    // Reading it again gives what was written.
    let json = serde_json::to_value(&comparison).unwrap();
    assert!(
        json["runs"][0]["score"]["nodeHours"].as_f64().is_some(),
        "{json}"
    );
    assert!(json["foresight"]["oracle"].as_f64().is_some());
}
