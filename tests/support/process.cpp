#include "support/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace clprobe::test {
namespace {

using namespace std::chrono_literals;

std::string contents(std::FILE *file) {
    std::string text;
    char part[4096];
    for (off_t at = 0;;) {
        const ssize_t count = pread(fileno(file), part, sizeof part, at);
        if (count <= 0)
            return text;
        text.append(part, static_cast<std::size_t>(count));
        at += count;
    }
}

std::FILE *temporary_file() {
    std::FILE *file = std::tmpfile();
    if (!file)
        throw std::system_error(errno, std::generic_category(), "tmpfile");
    return file;
}

void execute(const std::vector<std::string> &command) {
    std::vector<char *> arguments;
    for (const std::string &argument : command)
        arguments.push_back(const_cast<char *>(argument.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    std::perror(arguments[0]);
    _exit(127);
}

} // namespace

Child::Child(const std::vector<std::string> &command, const Environment &environment)
    : out_(temporary_file()), err_(temporary_file()) {
    start([&] { execute(command); }, environment);
}

Child::Child(const std::function<void()> &body, const Environment &environment)
    : out_(temporary_file()), err_(temporary_file()) {
    start(body, environment);
}

Child::~Child() {
    if (!waited_)
        static_cast<void>(wait(0s));
    std::fclose(out_);
    std::fclose(err_);
}

void Child::start(const std::function<void()> &body, const Environment &environment) {
    // What is buffered now would be written by both processes.
    std::cout.flush();
    std::fflush(nullptr);
    started_ = std::chrono::steady_clock::now();
    pid_ = fork();
    if (pid_ < 0)
        throw std::system_error(errno, std::generic_category(), "fork");
    if (pid_ > 0) {
        setpgid(pid_, pid_);
        return;
    }
    setpgid(0, 0);
    dup2(fileno(out_), STDOUT_FILENO);
    dup2(fileno(err_), STDERR_FILENO);
    for (const auto &[name, value] : environment)
        setenv(name.c_str(), value.c_str(), 1);
    body();
    std::exit(0);
}

void Child::signal(int number) const {
    kill(pid_, number);
}

void Child::signal_group(int number) const {
    kill(-pid_, number);
}

std::string Child::messages() const {
    return contents(err_);
}

Outcome Child::wait(std::chrono::duration<double> limit) {
    Outcome outcome;
    int status = 0;
    const auto ended = [&] { return waitpid(pid_, &status, WNOHANG) == pid_; };
    if (!eventually(ended, limit)) {
        outcome.timed_out = true;
        signal_group(SIGKILL);
        waitpid(pid_, &status, 0);
    }
    signal_group(SIGKILL); // a grandchild may be left
    waited_ = true;
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started_;
    outcome.seconds = taken.count();
    if (WIFEXITED(status))
        outcome.exit_status = WEXITSTATUS(status);
    else
        outcome.signal = WTERMSIG(status);
    outcome.out = contents(out_);
    outcome.err = contents(err_);
    return outcome;
}

Outcome run_program(const std::vector<std::string> &command, const Environment &environment,
                    std::chrono::duration<double> limit) {
    return Child(command, environment).wait(limit);
}

bool eventually(const std::function<bool()> &condition, std::chrono::duration<double> limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end)
            return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

} // namespace clprobe::test
