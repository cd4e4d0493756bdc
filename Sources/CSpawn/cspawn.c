/* See include/CSpawn.h for the contract.
 *
 * Between fork() and execve() only async-signal-safe calls are made: the parent has many threads, and a lock that one of
 * them held at the fork is held for ever in the child. Everything that allocates happens before the fork.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

extern char **environ;

#define LIMIT_COUNT 5
#define MAX_DESCRIPTORS 16

/* A growing, NULL-terminated list of owned strings: the shape of argv and envp. */
struct strings {
    char **items;
    size_t count;
};

struct cspawn_command {
    char *path;
    char *working_directory;
    struct strings arguments;
    struct strings environment;
    int descriptors[MAX_DESCRIPTORS];
    int descriptor_count;
    bool new_session, new_group, no_new_privileges, short_turns;
    int nice_steps;
    bool limited[LIMIT_COUNT];
    uint64_t limits[LIMIT_COUNT];
    int failed_step;
};

/* Steps of the child, in order; the child reports the index of the one that failed. */
enum step { STEP_NONE, STEP_PIPE, STEP_FORK, STEP_SESSION, STEP_DESCRIPTORS, STEP_CHDIR, STEP_LIMITS, STEP_PRIVILEGES, STEP_EXEC };
static const char *const step_names[] = {"none",  "pipe",      "fork",  "setsid", "dup2",
                                         "chdir", "setrlimit", "prctl", "exec"};

struct failure {
    int step;
    int error;
};

/* ---- building ---------------------------------------------------------------------------------------------------- */

static void *must(void *memory) {
    if (!memory) abort();
    return memory;
}

static void strings_append(struct strings *list, char *owned) {
    list->items = must(realloc(list->items, (list->count + 2) * sizeof(char *)));
    list->items[list->count++] = owned;
    list->items[list->count] = NULL;
}

static void strings_free(struct strings *list) {
    for (size_t i = 0; i < list->count; i++) free(list->items[i]);
    free(list->items);
}

cspawn_command *cspawn_command_new(const char *path) {
    cspawn_command *command = must(calloc(1, sizeof *command));
    command->path = must(strdup(path));
    strings_append(&command->arguments, must(strdup(path)));
    command->environment.items = must(calloc(1, sizeof(char *)));
    return command;
}

void cspawn_command_free(cspawn_command *command) {
    free(command->path);
    free(command->working_directory);
    strings_free(&command->arguments);
    strings_free(&command->environment);
    free(command);
}

void cspawn_argument(cspawn_command *command, const char *argument) {
    strings_append(&command->arguments, must(strdup(argument)));
}

static void set_variable(cspawn_command *command, char *owned) {
    size_t length = (size_t)(strchr(owned, '=') - owned) + 1;
    for (size_t i = 0; i < command->environment.count; i++) {
        if (strncmp(command->environment.items[i], owned, length) == 0) {
            free(command->environment.items[i]);
            command->environment.items[i] = owned;
            return;
        }
    }
    strings_append(&command->environment, owned);
}

void cspawn_environment(cspawn_command *command, const char *name, const char *value) {
    size_t size = strlen(name) + strlen(value) + 2;
    char *entry = must(malloc(size));
    snprintf(entry, size, "%s=%s", name, value);
    set_variable(command, entry);
}

void cspawn_inherit_environment(cspawn_command *command) {
    for (char **entry = environ; entry && *entry; entry++)
        if (strchr(*entry, '=')) set_variable(command, must(strdup(*entry)));
}

void cspawn_working_directory(cspawn_command *command, const char *path) {
    free(command->working_directory);
    command->working_directory = must(strdup(path));
}

void cspawn_descriptor(cspawn_command *command, int descriptor) {
    if (command->descriptor_count == MAX_DESCRIPTORS) abort(); /* a programmer's error, not an input */
    command->descriptors[command->descriptor_count++] = descriptor;
}

void cspawn_new_session(cspawn_command *command) { command->new_session = true; }
void cspawn_new_group(cspawn_command *command) { command->new_group = true; }
void cspawn_no_new_privileges(cspawn_command *command) { command->no_new_privileges = true; }
void cspawn_nice(cspawn_command *command, int steps) { command->nice_steps = steps; }
void cspawn_short_turns(cspawn_command *command) { command->short_turns = true; }

void cspawn_limit(cspawn_command *command, enum cspawn_limit limit, uint64_t value) {
    command->limited[limit] = true;
    command->limits[limit] = value;
}

const char *cspawn_failed_step(const cspawn_command *command) { return step_names[command->failed_step]; }

int cspawn_errno(void) { return errno; }

const char *cspawn_error_text(int error, char *buffer) {
#if defined(__GLIBC__)
    return strerror_r(error, buffer, 64); /* the GNU one, which returns the text */
#else
    if (strerror_r(error, buffer, 64) != 0) snprintf(buffer, 64, "error %d", error);
    return buffer;
#endif
}

/* ---- the child, between fork and exec ---------------------------------------------------------------------------- */

static const int limit_resources[LIMIT_COUNT] = {RLIMIT_AS, RLIMIT_CPU, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_FSIZE};

static void close_from(int lowest, int except) {
#if defined(__linux__) && defined(SYS_close_range)
    int below = except > lowest ? (int)syscall(SYS_close_range, lowest, except - 1, 0) : 0;
    if (below == 0 && syscall(SYS_close_range, except + 1, ~0U, 0) == 0) return;
#endif
    /* Kernels before 5.9: close-on-exec covers what is ours; this covers what is not. */
    long highest = sysconf(_SC_OPEN_MAX);
    if (highest < 0 || highest > 65536) highest = 65536;
    for (int fd = lowest; fd < highest; fd++)
        if (fd != except) close(fd);
}

/* Moves the listed descriptors to 0..n-1. Two passes: first all out of the way above the targets, then down, so that a
 * source is never overwritten before it was copied. */
static bool place_descriptors(const cspawn_command *command, int *report) {
    int count = command->descriptor_count;
    int moved[MAX_DESCRIPTORS];
    int floor = count > 3 ? count : 3;

    int high = fcntl(*report, F_DUPFD_CLOEXEC, floor);
    if (high < 0) return false;
    *report = high;
    for (int i = 0; i < count; i++) {
        int source = command->descriptors[i];
        int opened = -1;
        if (source < 0) source = opened = open("/dev/null", O_RDWR | O_CLOEXEC);
        moved[i] = fcntl(source, F_DUPFD_CLOEXEC, floor);
        if (moved[i] < 0) return false;
        if (opened >= 0) close(opened);
    }
    for (int i = 0; i < count; i++)
        if (dup2(moved[i], i) < 0) return false; /* dup2 leaves close-on-exec off */
    close_from(floor, *report);
    return true;
}

static bool set_limits(const cspawn_command *command) {
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return false;
    for (int i = 0; i < LIMIT_COUNT; i++) {
        if (!command->limited[i]) continue;
        struct rlimit now, wanted = {(rlim_t)command->limits[i], (rlim_t)command->limits[i]};
        /* A limit may only be lowered without privileges: keep the lower of the two. */
        if (getrlimit(limit_resources[i], &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max < wanted.rlim_max)
            wanted.rlim_cur = wanted.rlim_max = now.rlim_max;
        if (setrlimit(limit_resources[i], &wanted) != 0) return false;
    }
    return true;
}

static void give_way(int steps) {
    (void)!nice(steps); /* steps beyond the last count as it, and no other way to fail is left */
#if defined(__linux__)
    prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0); /* holds from the exec on; who has no right to it has not the other */
#endif
}

/* A wish, not a need: a kernel or a seccomp filter that refuses leaves the child as it was. */
void cspawn_take_short_turns(void) {
#if defined(__linux__) && defined(SYS_sched_setattr)
    /* sched_setattr(2); glibc has had no such struct before 2.41. */
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_nanoseconds, deadline, period;
    } attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.nice = getpriority(PRIO_PROCESS, 0);
    attributes.runtime_nanoseconds = 100 * 1000; /* the least that the kernel takes */
    syscall(SYS_sched_setattr, 0, &attributes, 0);
#endif
}

static void reset_signals(void) {
    struct sigaction fallback;
    memset(&fallback, 0, sizeof fallback);
    fallback.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) sigaction(number, &fallback, NULL); /* KILL and STOP refuse: fine */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void report_failure(int report, int step) {
    struct failure failure = {step, errno};
    ssize_t ignored = write(report, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

static void become(const cspawn_command *command, int report) {
    reset_signals();
    if (command->new_session && setsid() < 0) report_failure(report, STEP_SESSION);
    if (!command->new_session && command->new_group && setpgid(0, 0) != 0) report_failure(report, STEP_SESSION);
    if (!place_descriptors(command, &report)) report_failure(report, STEP_DESCRIPTORS);
    if (command->working_directory && chdir(command->working_directory) != 0) report_failure(report, STEP_CHDIR);
    if (!set_limits(command)) report_failure(report, STEP_LIMITS);
    if (command->nice_steps > 0) give_way(command->nice_steps);
    if (command->short_turns) cspawn_take_short_turns();
#ifdef __linux__
    if (command->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        report_failure(report, STEP_PRIVILEGES);
#endif
    execve(command->path, command->arguments.items, command->environment.items);
    report_failure(report, STEP_EXEC);
}

pid_t cspawn_start(cspawn_command *command) {
    int read_end, write_end;
    command->failed_step = STEP_PIPE;
    if (cspawn_pipe(&read_end, &write_end) != 0) return -1;

    /* No signal may run the parent's handlers inside the child before it has reset them. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        close(read_end);
        become(command, write_end);
    }
    int fork_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(write_end);

    struct failure failure = {STEP_FORK, fork_error};
    if (pid > 0) {
        ssize_t got;
        do { got = read(read_end, &failure, sizeof failure); } while (got < 0 && errno == EINTR);
        /* End of file: close-on-exec closed the pipe, so the execute succeeded. */
        if (got == 0) failure.step = STEP_NONE;
        else waitpid(pid, NULL, 0);
    }
    close(read_end);
    command->failed_step = failure.step;
    if (failure.step == STEP_NONE) return pid;
    errno = failure.error;
    return -1;
}

/* ---- how it ended ------------------------------------------------------------------------------------------------ */

static int wait_for(pid_t pid, int options, struct cspawn_exit *result) {
    int status;
    struct rusage usage;
    pid_t got;
    do { got = wait4(pid, &status, options, &usage); } while (got < 0 && errno == EINTR);
    if (got <= 0) return (int)got;
    result->pid = pid;
    result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
#ifdef __linux__
    result->max_rss_bytes = (int64_t)usage.ru_maxrss * 1024;
#else
    result->max_rss_bytes = (int64_t)usage.ru_maxrss;
#endif
    result->cpu_microseconds = ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000
        + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    return 1;
}

int cspawn_wait(pid_t pid, struct cspawn_exit *exit) { return wait_for(pid, 0, exit) < 0 ? -1 : 0; }
int cspawn_poll(pid_t pid, struct cspawn_exit *exit) { return wait_for(pid, WNOHANG, exit); }

struct watch {
    pid_t pid;
    void *context;
    void (*done)(void *, struct cspawn_exit);
};

static void *watch_thread(void *argument) {
    struct watch watch = *(struct watch *)argument;
    free(argument);
    /* Should somebody else have reaped it, how it ended stays unknown, but that it ended is told all the same. */
    struct cspawn_exit exit = {watch.pid, -1, 0, 0, 0};
    cspawn_wait(watch.pid, &exit);
    watch.done(watch.context, exit);
    return NULL;
}

int cspawn_on_exit(pid_t pid, void *context, void (*done)(void *, struct cspawn_exit)) {
    struct watch *watch = must(malloc(sizeof *watch));
    *watch = (struct watch){pid, context, done};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 256 * 1024); /* the callback runs Swift: more than the minimum, far below 8 MB */

    /* The program's signals belong to its other threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, watch_thread, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error == 0) return 0;
    free(watch);
    errno = error;
    return -1;
}

int cspawn_kill_tree(pid_t pid, int signal) {
    if (pid < 2) {
        errno = EINVAL;
        return -1;
    }
    int group = kill(-pid, signal);
    int leader = kill(pid, signal);
    return group == 0 || leader == 0 ? 0 : -1;
}

const char *cspawn_signal_name(int number, char *buffer) {
    static const struct { int number; const char *name; } names[] = {
        {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"},
        {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"}, {SIGSEGV, "SIGSEGV"},
        {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"}, {SIGSYS, "SIGSYS"},   {SIGXCPU, "SIGXCPU"},
        {SIGXFSZ, "SIGXFSZ"}, {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) return names[i].name;
    snprintf(buffer, 32, "signal %d", number);
    return buffer;
}

/* ---- descriptors ------------------------------------------------------------------------------------------------- */

int cspawn_socket_pair(int *first, int *second) {
    int ends[2];
#ifdef __linux__
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
#else
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#endif
    *first = ends[0];
    *second = ends[1];
    return 0;
}

int cspawn_pipe(int *read_end, int *write_end) {
    int ends[2];
#ifdef __linux__
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
#else
    if (pipe(ends) != 0) return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#endif
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

int cspawn_close(int descriptor) { return close(descriptor); }

size_t cspawn_unread_bytes(int descriptor) {
    int count = 0;
    return ioctl(descriptor, FIONREAD, &count) == 0 && count > 0 ? (size_t)count : 0;
}

int cspawn_duplicate(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 3); }
int cspawn_shutdown(int socket) { return shutdown(socket, SHUT_RDWR); }

static int64_t milliseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until `deadline` for the descriptor. 0 when ready, -1 with ETIMEDOUT. */
static int wait_ready(int descriptor, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - milliseconds_now();
        struct pollfd entry = {descriptor, events, 0};
        int ready = poll(&entry, 1, left > 0 ? (int)left : 0);
        if (ready > 0) return 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) errno = ETIMEDOUT;
        return -1;
    }
}

ssize_t cspawn_read(int descriptor, void *bytes, size_t size, int timeout_milliseconds) {
    int64_t deadline = milliseconds_now() + timeout_milliseconds;
    for (;;) {
        if (wait_ready(descriptor, POLLIN, deadline) != 0) return -1;
        ssize_t got = read(descriptor, bytes, size);
        if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return got;
    }
}

int cspawn_send_descriptors(
    int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count,
    int timeout_milliseconds) {
    if (descriptor_count < 0 || descriptor_count > MAX_DESCRIPTORS || count == 0) {
        errno = EINVAL;
        return -1;
    }
    union {
        char bytes[CMSG_SPACE(MAX_DESCRIPTORS * sizeof(int))];
        struct cmsghdr align;
    } control;
    memset(&control, 0, sizeof control);
    struct iovec part = {(void *)bytes, count};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor_count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE((size_t)descriptor_count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)descriptor_count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, (size_t)descriptor_count * sizeof(int));
    }
#ifdef MSG_NOSIGNAL
    int flags = MSG_NOSIGNAL;
#else
    int flags = 0;
#endif
    int64_t deadline = milliseconds_now() + timeout_milliseconds;
    while (part.iov_len > 0) {
        ssize_t sent = sendmsg(socket, &message, flags);
        if (sent > 0) {
            part.iov_base = (char *)part.iov_base + sent;
            part.iov_len -= (size_t)sent;
            message.msg_control = NULL; /* they travel with the first byte, once */
            message.msg_controllen = 0;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (wait_ready(socket, POLLOUT, deadline) != 0) return -1;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}
