#include "io/file.hpp"
#include "support/scratch.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
namespace fs = std::filesystem;

namespace {

/// How many files the folder holds.
auto entries(const test::Scratch &folder) {
    return std::distance(fs::directory_iterator(folder / ""), fs::directory_iterator());
}

/// Files may not grow beyond this size while it lives: a disk that gets full.
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FullDisk(const FullDisk &) = delete;
    FullDisk &operator=(const FullDisk &) = delete;

private:
    void (*handler_)(int);
    rlimit before_{};
};

/// Root may write everything, so it steps down while this lives.
class NobodyIfRoot {
public:
    NobodyIfRoot() : root_(::geteuid() == 0) {
        if (root_)
            REQUIRE(::seteuid(65534) == 0);
    }
    ~NobodyIfRoot() {
        if (root_ && ::seteuid(0) != 0)
            std::abort();
    }
    NobodyIfRoot(const NobodyIfRoot &) = delete;
    NobodyIfRoot &operator=(const NobodyIfRoot &) = delete;

private:
    bool root_;
};

} // namespace

TEST_CASE("unit.file.writes_and_replaces_whole_files") {
    const test::Scratch folder;
    const auto file = folder / "report.json";
    write_file(file, "one");
    CHECK(read_file(file) == "one");
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    write_file(file, std::string(100'000, 'x'));
    CHECK(read_file(file) == std::string(100'000, 'x'));
    CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(entries(folder) == 1);
}

TEST_CASE("unit.file.a_full_disk_leaves_the_old_file_alone") {
    const test::Scratch folder;
    const auto file = folder / "report.json";
    write_file(file, "old");
    {
        const FullDisk full(1000);
        CHECK_THROWS_MATCHES(
            write_file(file, std::string(100'000, 'x')), Error,
            MessageMatches(ContainsSubstring(file.string()) && ContainsSubstring("too large")));
    }
    CHECK(read_file(file) == "old");
    CHECK(entries(folder) == 1);
}

TEST_CASE("unit.file.a_full_device_is_an_error") {
    CHECK_THROWS_MATCHES(write_file("/dev/full", "x"), Error,
                         MessageMatches(ContainsSubstring("'/dev/full': No space left")));
}

TEST_CASE("unit.file.devices_and_pipes_are_written_directly") {
    CHECK_NOTHROW(ensure_writable("/dev/null"));
    CHECK_NOTHROW(write_file("/dev/null", "x"));
    CHECK(fs::is_character_file("/dev/null"));
    const test::Scratch folder;
    const auto pipe = folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    ensure_writable(pipe);
    std::jthread writer([&] { write_file(pipe, "through a pipe"); });
    CHECK(read_file(pipe) == "through a pipe");
    CHECK(fs::is_fifo(pipe));
}

TEST_CASE("unit.file.standard_output_is_written_in_place") {
    const test::Scratch folder;
    const auto file = folder / "out";
    const int before = ::dup(STDOUT_FILENO);
    const int out = ::open(file.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(out, STDOUT_FILENO);
    write_file("-", "a");
    write_file("/dev/stdout", "b");
    ::dup2(before, STDOUT_FILENO);
    ::close(before);
    ::close(out);
    CHECK(read_file(file) == "ab");
}

TEST_CASE("unit.file.a_link_stays_a_link") {
    const test::Scratch folder;
    write_file(folder / "target", "old");
    fs::create_symlink("target", folder / "link");
    write_file(folder / "link", "new");
    CHECK(fs::is_symlink(folder / "link"));
    CHECK(read_file(folder / "target") == "new");
}

TEST_CASE("unit.file.a_link_that_another_user_put_into_an_open_folder_is_not_followed") {
    if (::geteuid() != 0)
        SKIP("only root can make another user's link");
    const test::Scratch folder;
    fs::permissions(folder / "", fs::perms::all | fs::perms::sticky_bit);
    write_file(folder / "target", "old");
    fs::create_symlink("target", folder / "link");
    fs::create_symlink("link", folder / "link of a link");
    write_file(folder / "link of a link", "own links are followed");
    REQUIRE(::lchown((folder / "link").c_str(), 65534, 65534) == 0);
    for (const char *name : {"link", "link of a link"}) {
        CHECK_THROWS_MATCHES(ensure_writable(folder / name), Error,
                             MessageMatches(ContainsSubstring("65534")));
        CHECK_THROWS_AS(write_file(folder / name, "new"), Error);
    }
    CHECK(read_file(folder / "target") == "own links are followed");
    fs::permissions(folder / "", fs::perms::owner_all);
    CHECK_NOTHROW(write_file(folder / "link", "a folder of its own is trusted"));
}

TEST_CASE("unit.file.temporary_files_have_names_that_cannot_be_foreseen") {
    const test::Scratch folder;
    const char *before = std::getenv("TMPDIR");
    const std::string kept = before != nullptr ? before : "/tmp";
    ::setenv("TMPDIR", folder.file("").c_str(), 1);
    const fs::path one = write_temporary_file("report", "one");
    const fs::path two = write_temporary_file("report", "two");
    ::setenv("TMPDIR", kept.c_str(), 1);
    CHECK(one != two);
    CHECK(entries(folder) == 2);
    CHECK(read_file(one) == "one");
    CHECK(fs::status(one).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(one.filename().string().size() >= std::string("report-0123456789abcdef.json").size());
}

TEST_CASE("unit.file.writability_is_found_beforehand_and_changes_nothing") {
    const test::Scratch folder;
    ensure_writable("-");
    ensure_writable(folder / "new.json");
    CHECK(entries(folder) == 0);
    write_file(folder / "there.json", "there");
    ensure_writable(folder / "there.json");
    CHECK(read_file(folder / "there.json") == "there");
    for (const fs::path &file : {folder / "no/such/folder.json", folder / ".", folder / "",
                                 folder / "there.json/x", fs::path("/proc/report.json")}) {
        CAPTURE(file);
        CHECK_THROWS_MATCHES(ensure_writable(file), Error,
                             MessageMatches(ContainsSubstring("cannot write '")));
        CHECK_THROWS_AS(write_file(file, "x"), Error);
    }
    CHECK(entries(folder) == 1);
}

TEST_CASE("unit.file.a_file_without_write_permission_is_refused") {
    const test::Scratch folder;
    const auto file = folder / "report.json";
    write_file(file, "old");
    fs::permissions(file, fs::perms::owner_read | fs::perms::others_read);
    fs::permissions(folder / "", fs::perms::all);
    {
        const NobodyIfRoot nobody;
        CHECK_THROWS_AS(ensure_writable(file), Error);
        CHECK_THROWS_AS(write_file(file, "new"), Error);
    }
    CHECK(read_file(file) == "old");
}

TEST_CASE("unit.file.unreadable_files_are_refused") {
    const test::Scratch folder;
    CHECK_THROWS_MATCHES(read_file(folder / "none"), InputError,
                         MessageMatches(ContainsSubstring("none': No such file")));
    CHECK_THROWS_MATCHES(read_file(folder / ""), InputError,
                         MessageMatches(ContainsSubstring("Is a directory")));
}

TEST_CASE("unit.file.what_is_named_gz_is_written_and_read_as_gzip") {
    const test::Scratch folder;
    const fs::path file = folder / "report.json.gz";
    const std::string text(1 << 20, 'x');
    write_file(file, text);
    CHECK(fs::file_size(file) < 1 << 14);
    CHECK(read_file(file) == text);

    std::ifstream in(file, std::ios::binary);
    const std::string packed(std::istreambuf_iterator<char>(in), {});
    const fs::path other = folder / "other";
    write_file(other, packed + packed); // as `cat` joins them
    CHECK(read_file(other) == text + text);
    write_file(other, packed.substr(0, packed.size() - 9));
    CHECK_THROWS_MATCHES(read_file(other), InputError,
                         MessageMatches(ContainsSubstring("other': the gzip file is cut short")));
    write_file(other, packed.substr(0, packed.size() - 8) + "checksum");
    CHECK_THROWS_MATCHES(read_file(other), InputError,
                         MessageMatches(ContainsSubstring("other': the gzip file is damaged")));
}
