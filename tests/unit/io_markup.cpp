#include "io/markup.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

TEST_CASE("unit.markup.foreign_text_is_no_markdown") {
    CHECK(markdown_text("a|b\n<img src=x> [x](y) `c`") == R"(a\|b \<img src=x\> \[x\]\(y\) \`c\`)");
}

TEST_CASE("unit.markup.foreign_text_is_no_xml") {
    CHECK(xml_text("<a b=\"c\">&'") == "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
    CHECK(xml_text("a\x01\x1b[31m") == "a??[31m");
    CHECK(xml_text("\xff µ") == "? µ");
}

TEST_CASE("unit.markup.a_table_has_its_head_first") {
    CHECK(markdown_table(std::vector<std::vector<std::string>>{{"a", "b"}, {"1", "2"}}) ==
          "| a | b |\n|---|---|\n| 1 | 2 |\n");
    CHECK(markdown_table({}).empty());
}

TEST_CASE("unit.markup.junit_counts_what_failed_and_was_skipped") {
    const std::vector<JunitCase> cases{
        {"probe", "a", JunitCase::Outcome::passed, "", 0.5},
        {"probe", "b", JunitCase::Outcome::failed, "1 < 2", 0},
        {"probe", "c", JunitCase::Outcome::skipped, "no device", 0},
        {"probe", "d", JunitCase::Outcome::passed, "seen", 0},
    };
    CHECK(to_junit("gate", cases) ==
          R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="gate" tests="4" failures="1" skipped="1">
  <testcase classname="probe" name="a" time="0.500"/>
  <testcase classname="probe" name="b" time="0.000"><failure message="1 &lt; 2"/></testcase>
  <testcase classname="probe" name="c" time="0.000"><skipped message="no device"/></testcase>
  <testcase classname="probe" name="d" time="0.000"><system-out>seen</system-out></testcase>
</testsuite>
)");
}
