/* A disk that loses what was not synced when the power fails: before a file below UNSYNCED_BELOW
 * is changed, what the change destroys is written to UNSYNCED_JOURNAL, and each sync of a file
 * is noted there too. Whoever undoes, newest first, the changes of each file since its last sync
 * sees the disk after the cut. With UNSYNCED_DEAF set, syncs are not noted: nothing is safe.
 * Preloaded into a program under test; the names of files are taken to be durable.
 *
 * The journal is a sequence of entries, integers in the machine's order:
 *   u64 kind (0 change, 1 sync), u64 length of path, u64 offset, u64 length of the bytes before,
 *   u64 size of the file before; the path; the bytes before. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static int journal(void) {
    static int fd = -1;
    if (fd < 0) fd = open(getenv("UNSYNCED_JOURNAL"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    return fd;
}

/* The path of a regular file that is watched; 0 for others. SQLite's -shm is rebuilt, not kept. */
static size_t watched(int fd, char *path) {
    const char *below = getenv("UNSYNCED_BELOW");
    struct stat status;
    char link[64];
    if (!below || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX);
    if (length <= 0 || strncmp(path, below, strlen(below)) != 0) return 0;
    return (size_t)length;
}

static void put(const void *data, size_t size) {
    if (REAL(write)(journal(), data, size) != (ssize_t)size) abort();
}

static void note(uint64_t kind, int fd, const char *path, size_t length, off_t at, size_t size) {
    struct stat now;
    if (fstat(fd, &now) != 0) abort();
    uint64_t before = at < now.st_size ? (uint64_t)(now.st_size - at) : 0;
    if (before > size) before = size;
    /* The program may have opened the file for writing only. */
    char link[64], *bytes = malloc(before + 1);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int readable = open(link, O_RDONLY | O_CLOEXEC);
    if (!bytes || readable < 0 || pread(readable, bytes, before, at) != (ssize_t)before) abort();
    close(readable);
    uint64_t head[5] = {kind, length, (uint64_t)at, before, (uint64_t)now.st_size};
    put(head, sizeof head);
    put(path, length);
    put(bytes, before);
    free(bytes);
}

static ssize_t change(int fd, const void *data, size_t size, off_t at, int moves) {
    char path[PATH_MAX];
    size_t length = watched(fd, path);
    if (!length) return moves ? REAL(write)(fd, data, size) : REAL(pwrite)(fd, data, size, at);
    pthread_mutex_lock(&turn);
    note(0, fd, path, length, moves ? lseek(fd, 0, SEEK_CUR) : at, size);
    ssize_t written = moves ? REAL(write)(fd, data, size) : REAL(pwrite)(fd, data, size, at);
    pthread_mutex_unlock(&turn);
    return written;
}

static int cut(int fd, off_t size) {
    char path[PATH_MAX];
    size_t length = watched(fd, path);
    pthread_mutex_lock(&turn);
    if (length) note(0, fd, path, length, size, SIZE_MAX);
    int result = REAL(ftruncate)(fd, size);
    pthread_mutex_unlock(&turn);
    return result;
}

/* A change that slips in between a sync and its note would pass for a safe one. */
static int sync_and_note(int fd, int (*sync)(int)) {
    char path[PATH_MAX];
    size_t length = watched(fd, path);
    if (!length || getenv("UNSYNCED_DEAF")) return sync(fd);
    pthread_mutex_lock(&turn);
    int result = sync(fd);
    if (result == 0) note(1, fd, path, length, 0, 0);
    pthread_mutex_unlock(&turn);
    return result;
}

ssize_t write(int fd, const void *data, size_t size) { return change(fd, data, size, 0, 1); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return change(fd, data, size, at, 0); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return change(fd, data, size, at, 0); }
int ftruncate(int fd, off_t size) { return cut(fd, size); }
int ftruncate64(int fd, off64_t size) { return cut(fd, size); }

int fsync(int fd) { return sync_and_note(fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_and_note(fd, REAL(fdatasync)); }
