/* A disk that is full while the file named by FULL_WHEN exists: what would grow a file below
 * FULL_BELOW fails with ENOSPC. Preloaded into a program under test. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_full(void) {
    const char *when = getenv("FULL_WHEN");
    return when && access(when, F_OK) == 0;
}

static int is_below(int fd) {
    const char *below = getenv("FULL_BELOW");
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!below || length < 0) return 0;
    path[length] = 0;
    return strncmp(path, below, strlen(below)) == 0;
}

/* A write within a file's size needs no space. */
static int is_refused(int fd, off_t end) {
    struct stat now;
    return is_full() && is_below(fd) && (fstat(fd, &now) != 0 || end > now.st_size);
}

static ssize_t refuse(void) {
    errno = ENOSPC;
    return -1;
}

ssize_t write(int fd, const void *data, size_t size) {
    off_t at = is_full() ? lseek(fd, 0, SEEK_CUR) : 0;
    return is_refused(fd, at + (off_t)size) ? refuse() : REAL(write)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return is_refused(fd, at + (off_t)size) ? refuse() : REAL(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return is_refused(fd, at + (off_t)size) ? refuse() : REAL(pwrite64)(fd, data, size, at);
}

int ftruncate(int fd, off_t size) {
    return is_refused(fd, size) ? (int)refuse() : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    return is_refused(fd, size) ? (int)refuse() : REAL(ftruncate64)(fd, size);
}

int posix_fallocate(int fd, off_t at, off_t size) {
    return is_refused(fd, at + size) ? ENOSPC : REAL(posix_fallocate)(fd, at, size);
}
