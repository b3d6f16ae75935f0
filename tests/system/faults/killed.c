/* A program that is killed at the moment when a sync has ended and nobody knows it yet. While the
 * file KILLED_AT is there, syncs are counted, and the one whose number it holds is the last.
 * Preloaded into a program under test. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_int syncs;

static int ended(int result) {
    const char *path = getenv("KILLED_AT");
    FILE *file = path ? fopen(path, "re") : NULL;
    int last;
    if (!file) return result;
    /* A file that is just being written holds no number yet. */
    if (fscanf(file, "%d", &last) == 1 && ++syncs == last) kill(getpid(), SIGKILL);
    fclose(file);
    return result;
}

int fsync(int fd) { return ended(REAL(fsync)(fd)); }
int fdatasync(int fd) { return ended(REAL(fdatasync)(fd)); }
