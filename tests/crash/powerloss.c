/* Records what reaches a review's database files and what is synced, so that a test can act out a power cut:
   every write is logged with its file, offset and bytes, every sync and truncation as a mark. Linux, LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;

static const char *wanted(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n <= 0) return NULL;
    path[n] = 0;
    const char *name = strrchr(path, '/');
    return name && strstr(name, "review.db") && !strstr(name, "-shm") ? name + 1 : NULL;
}

static void record(char kind, const char *name, int64_t offset, const void *bytes, int64_t count) {
    static ssize_t (*real_write)(int, const void *, size_t);
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
    const char *target = getenv("POWERLOSS_LOG");
    if (!target) return;
    pthread_mutex_lock(&lock);
    if (log_fd < 0) log_fd = open(target, O_CREAT | O_WRONLY | O_APPEND, 0600);
    int32_t length = (int32_t)strlen(name);
    real_write(log_fd, &kind, 1);
    real_write(log_fd, &length, 4);
    real_write(log_fd, name, length);
    real_write(log_fd, &offset, 8);
    real_write(log_fd, &count, 8);
    if (kind == 'W') real_write(log_fd, bytes, count);
    pthread_mutex_unlock(&lock);
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, #name)

static ssize_t logged(ssize_t written, int fd, const void *bytes, int64_t offset) {
    char path[PATH_MAX];
    const char *name = written > 0 ? wanted(fd, path) : NULL;
    if (name) record('W', name, offset, bytes, written);
    return written;
}

ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t); return logged(real(fd, b, n, o), fd, b, o); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { REAL(ssize_t, pwrite, int, const void *, size_t, off_t); return logged(real(fd, b, n, o), fd, b, o); }
ssize_t write(int fd, const void *b, size_t n) { REAL(ssize_t, write, int, const void *, size_t); off_t at = lseek(fd, 0, SEEK_CUR); return logged(real(fd, b, n), fd, b, at); }

static int marked(int result, int fd, char kind, int64_t size) {
    char path[PATH_MAX];
    const char *name = result == 0 ? wanted(fd, path) : NULL;
    if (name) record(kind, name, size, NULL, 0);
    return result;
}

int fsync(int fd) { REAL(int, fsync, int); return marked(real(fd), fd, 'S', 0); }
int fdatasync(int fd) { REAL(int, fdatasync, int); return marked(real(fd), fd, 'S', 0); }
int ftruncate64(int fd, off64_t n) { REAL(int, ftruncate64, int, off64_t); return marked(real(fd, n), fd, 'T', n); }
int ftruncate(int fd, off_t n) { REAL(int, ftruncate, int, off_t); return marked(real(fd, n), fd, 'T', n); }
