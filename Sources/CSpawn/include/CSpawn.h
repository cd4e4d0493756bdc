/* CSpawn: start a child process with everything Swift cannot say.
 *
 * Swift may not call fork(). This shim forks, moves descriptors, sets limits, executes, and reports a failed execute as
 * an errno in the parent instead of as a child that dies silently. Beside it: the three or four socket calls whose C
 * macros Swift does not import.
 *
 *     cspawn_command *redis = cspawn_command_new("/usr/bin/redis-server");
 *     cspawn_argument(redis, "--port"); cspawn_argument(redis, "0");
 *     cspawn_inherit_environment(redis);
 *     cspawn_new_session(redis);
 *     pid_t pid = cspawn_start(redis);          // -1: see cspawn_errno, cspawn_failed_step
 *     cspawn_command_free(redis);
 *     cspawn_on_exit(pid, callback, context);   // reaps it, then calls back
 *
 * Rules
 * - Strings are copied; every Swift String can be handed in as it is.
 * - A command is built and started by one thread. Different commands are independent.
 * - The child gets exactly the descriptors that were listed; all others are closed.
 * - Nothing here dies with its parent by magic: PR_SET_PDEATHSIG follows the *thread* that forked, and pool threads
 *   come and go. Give the child one end of a socket or pipe and let it leave at end of file.
 * - Functions that return int or pid_t give -1 and set errno on failure.
 */
#ifndef SKIRRET_CSPAWN_H
#define SKIRRET_CSPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/* ---- building a command ------------------------------------------------------------------------------------------ */

typedef struct cspawn_command cspawn_command;

/* A command for the executable at `path` (no search in PATH); argv[0] is the path. Never NULL: it aborts without memory. */
cspawn_command *cspawn_command_new(const char *path);
void cspawn_command_free(cspawn_command *command);

/* The next argument after argv[0]. */
void cspawn_argument(cspawn_command *command, const char *argument);

/* The child's environment starts empty. */
void cspawn_environment(cspawn_command *command, const char *name, const char *value);
/* Adds all of this process's own variables. Variables set later win. */
void cspawn_inherit_environment(cspawn_command *command);

void cspawn_working_directory(cspawn_command *command, const char *path);

/* The child's descriptor 0, then 1, 2, 3 ... in the order of the calls; -1 stands for /dev/null. Those of 0 to 2 that are
 * never named are inherited. The parent keeps its own descriptors and closes them when it likes. */
void cspawn_descriptor(cspawn_command *command, int descriptor);

/* A new session (and process group) of its own: cspawn_kill_tree then reaches all it starts, terminals do not. */
void cspawn_new_session(cspawn_command *command);
/* A new process group in the same session: the terminal's interrupt does not reach it. */
void cspawn_new_group(cspawn_command *command);
/* No set-user-id program may raise the child's rights (Linux; elsewhere without effect). */
void cspawn_no_new_privileges(cspawn_command *command);

/* Gives way to others: so many steps (0 to 19) nicer than this process, and with it all that the child starts. It loses
 * the right to take that back, which root's have: libdispatch gives its threads a niceness of its own where it may. */
void cspawn_nice(cspawn_command *command, int steps);
/* Short turns: where threads wait for a processor, the child's are let in sooner, for no more of it than is their share
 * (Linux from 6.12 on, "custom slice" of EEVDF; elsewhere without effect). */
void cspawn_short_turns(cspawn_command *command);
/* The same for the calling thread. */
void cspawn_take_short_turns(void);

/* Resource limits, soft and hard. Core dumps are always off: they would hold secrets. */
enum cspawn_limit {
    CSPAWN_LIMIT_ADDRESS_SPACE_BYTES,
    CSPAWN_LIMIT_CPU_SECONDS,
    CSPAWN_LIMIT_PROCESSES, /* has no effect on root */
    CSPAWN_LIMIT_OPEN_FILES,
    CSPAWN_LIMIT_FILE_BYTES,
};
void cspawn_limit(cspawn_command *command, enum cspawn_limit limit, uint64_t value);

/* Forks and executes. Returns the child's process id after the execute succeeded, with signal handlers and mask at
 * their defaults; or -1, with the errno of the step that failed and its name in cspawn_failed_step. */
pid_t cspawn_start(cspawn_command *command);
/* "fork", "chdir", "setrlimit", "exec" ... after cspawn_start returned -1. */
const char *cspawn_failed_step(const cspawn_command *command);

/* This thread's errno, for callers that do not import a libc. Ask before any other call. */
int cspawn_errno(void);
/* Its text: "No such file or directory". */
const char *cspawn_error_text(int error, char *buffer64);

/* ---- how it ended ------------------------------------------------------------------------------------------------ */

struct cspawn_exit {
    pid_t pid;
    int exit_code;   /* -1 when a signal ended it */
    int signal;      /* 0 when it exited by itself */
    int64_t max_rss_bytes;
    int64_t cpu_microseconds; /* user and system */
};

/* Waits for the child, retrying on EINTR. Blocks: call it on a thread of your own. 0, or -1 with errno. */
int cspawn_wait(pid_t pid, struct cspawn_exit *exit);
/* The same without waiting: 1 and `exit` filled when it has ended, 0 while it runs, -1 with errno. */
int cspawn_poll(pid_t pid, struct cspawn_exit *exit);

/* Reaps the child on a small thread of its own and then calls `done` there, once. At most one per child, and never
 * together with cspawn_wait. 0, or -1 with errno and no call. */
int cspawn_on_exit(
    pid_t pid, void *_Nullable context,
    void (*done)(void *_Nullable context, struct cspawn_exit exit));

/* Sends `signal` to the group that `pid` leads and to `pid` itself, which may not have become a leader yet. Refuses ids
 * below 2. 0 when anything was there to receive it. */
int cspawn_kill_tree(pid_t pid, int signal);

/* "SIGKILL" for 9; "signal 77" for what has no name here. Static storage or the caller's buffer of 32 bytes. */
const char *cspawn_signal_name(int signal, char *buffer32);

/* ---- descriptors ------------------------------------------------------------------------------------------------- */

/* A connected AF_UNIX SOCK_STREAM pair, both ends close-on-exec. */
int cspawn_socket_pair(int *first, int *second);
/* A pipe, both ends close-on-exec. */
int cspawn_pipe(int *read_end, int *write_end);
/* Reads at most `size` bytes, waiting at most `timeout_milliseconds`. Bytes read, 0 at end of file, -1 with errno
 * (ETIMEDOUT). */
ssize_t cspawn_read(int descriptor, void *bytes, size_t size, int timeout_milliseconds);
int cspawn_close(int descriptor);
/* Bytes that lie in a pipe or socket, written and not read; 0 when there are none or the descriptor is none. */
size_t cspawn_unread_bytes(int descriptor);
/* A close-on-exec copy of the descriptor. */
int cspawn_duplicate(int descriptor);
/* Ends a socket in both directions for all who hold it: the peer reads end of file although copies are open. */
int cspawn_shutdown(int socket);

/* Sends all bytes over a unix socket, the descriptors together with the first of them (SCM_RIGHTS). Waits for room at
 * most `timeout_milliseconds` in all (ETIMEDOUT); works on non-blocking sockets; never raises SIGPIPE. At most 16
 * descriptors. */
int cspawn_send_descriptors(
    int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count,
    int timeout_milliseconds);

#pragma clang assume_nonnull end
#endif
