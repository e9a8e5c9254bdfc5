#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use super::*;

fn parse(text: &str) -> Result<Trace, TraceError> {
    Trace::parse("a.csv", text.as_bytes())
}

fn records(text: &str) -> Vec<(u64, f64)> {
    let trace = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let records = trace.records.iter();
    records
        .map(|record| (record.at.0, record.viewers))
        .collect()
}

#[test]
fn tables_and_objects_are_read_under_many_names() {
    let wanted = [(1_529_845_200_000, 5.0), (1_529_845_260_000, 7.5)];
    for text in [
        "timestamp_s,viewers\n1529845200,5\n1529845260,7.5\n",
        "\u{feff}# made by hand\n\ntimestamp_ms;Concurrent Viewers\n1529845200000;5\n1529845260000;7.5",
        "region\ttime\tconnections\nwest\t1529845200\t5\nwest\t1529845260\t7.5\n",
        "\"at\",\"whatever\"\r\n\"2018-06-24T13:00:00Z\",\"5\"\r\n\"2018-06-24 13:01\",\"7.5\"\r\n",
        "timestamp,requests\n1529845200000,5\n1529845260000,7.5\n",
        "{\"atMs\":1529845200000,\"viewers\":5}\n\n{\"atMs\":1529845260000,\"viewers\":\"7.5\"}\n",
    ] {
        assert_eq!(records(text), wanted, "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_its_mend() {
    let table = [
        (
            "",
            "a.csv: there is no record: write a header such as timestamp_s,viewers",
        ),
        ("timestamp_s,viewers\n", "a.csv: there is no record"),
        (
            "timestamp_s,viewers\n1,2\n",
            "a.csv: there is one record only",
        ),
        (
            "timestamp_s,viewers\n1,0\n2,0\n",
            "a.csv: there never is a viewer",
        ),
        ("1529845200,5\n", "a.csv, line 1: the header is missing"),
        (
            "day,viewers\n1,2\n",
            "line 1: no column of times among day, viewers: name it timestamp_s",
        ),
        (
            "timestamp_s,a,b\n1,2,3\n",
            "line 1: no column of viewers among timestamp_s, a, b: name it viewers",
        ),
        (
            "start_s,duration_s,expected_peak\n1,2,3\n",
            "line 1: this is a calendar of shows",
        ),
        (
            "timestamp_s,viewers\n1,2\n2\n",
            "line 3: column viewers is missing: the line has 1 fields and the header 2",
        ),
        (
            "timestamp_s,viewers\n1,2\n\n2,\n",
            "line 4: column viewers is empty: leave the whole line out",
        ),
        (
            "timestamp_s,viewers\n,2\n",
            "line 2: column timestamp_s is empty",
        ),
        (
            "timestamp_s,viewers\n1,NaN\n",
            "line 2: column viewers is \"NaN\": write a number",
        ),
        (
            "timestamp_s,viewers\n1,inf\n",
            "line 2: column viewers is \"inf\": write a number",
        ),
        (
            "timestamp_s,viewers\n1,many\n",
            "line 2: column viewers is \"many\": write a number",
        ),
        (
            "timestamp_s,viewers\n1,-3\n",
            "line 2: column viewers is -3: there cannot be fewer",
        ),
        (
            "timestamp_s,viewers\nyesterday,3\n",
            "line 2: column timestamp_s is \"yesterday\": write seconds",
        ),
        (
            "timestamp_s,viewers\n-5,3\n",
            "line 2: column timestamp_s is \"-5\": write seconds",
        ),
        (
            "timestamp_s,viewers\n60,3\n60,3\n",
            "line 3: its time 1970-01-01 00:01 is not after",
        ),
        (
            "timestamp_s,viewers\n120,3\n60,3\n",
            "before, 1970-01-01 00:02: sort the lines",
        ),
        (
            "{\"at\":1,\"viewers\":2}\n{\"at\":2,\"viewers\":\n",
            "line 2: this is no JSON object",
        ),
        (
            "{\"at\":1,\"viewers\":2}\n{\"at\":2}\n",
            "line 2: column viewers is empty",
        ),
        (
            "{\"at\":1,\"viewers\":null}\n",
            "line 1: column viewers is empty",
        ),
    ];
    for (text, expected) in table {
        let error = parse(text).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{text:?}: {error}");
    }
    let error = Trace::parse("a.bin", &[0xff, 0xfe, 0x00]).unwrap_err();
    assert!(error.to_string().contains("not text in UTF-8"), "{error}");
    let error = read(Path::new("no/such/file.csv")).unwrap_err();
    assert!(matches!(error, TraceError::Read { .. }), "{error}");
}

#[test]
fn between_records_the_audience_changes_evenly() {
    let trace = parse("timestamp_s,viewers\n100,0\n160,60\n220,60\n").unwrap();
    let at = |second: u64| trace.at(UtcMs(second * 1_000));
    assert_eq!(
        [at(0), at(100), at(130), at(160), at(300)],
        [0.0, 0.0, 30.0, 60.0, 60.0]
    );
    let sampled = trace.sampled(DurationMs::secs(30)).unwrap();
    assert_eq!(sampled, [0.0, 30.0, 60.0, 60.0]);
    assert_eq!(
        (trace.peak(), trace.length()),
        (60.0, DurationMs::secs(120))
    );
}

#[test]
fn a_part_is_cut_out_between_two_moments() {
    let trace = parse("timestamp_s,viewers\n100,0\n160,60\n220,60\n").unwrap();
    let secs = DurationMs::secs;
    let part = trace.part(secs(30), Some(secs(60))).unwrap();
    let ends: Vec<_> = part
        .records
        .iter()
        .map(|record| (record.at.0, record.viewers))
        .collect();
    assert_eq!(ends, [(130_000, 30.0), (160_000, 60.0), (190_000, 60.0)]);
    assert_eq!(trace.part(secs(0), None).unwrap(), trace);
    let error = trace.part(secs(120), None).unwrap_err().to_string();
    assert!(
        error.contains("it is 2 min long, and what is asked for begins at 2 min"),
        "{error}"
    );
    let error = trace.sampled(DurationMs(0)).map(|_| ());
    assert!(error.is_ok());
}
