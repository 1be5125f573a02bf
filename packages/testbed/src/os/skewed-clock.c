/*
 * A wall clock that can be moved for one process and what it starts, while the machine's own goes on: preloaded, it
 * answers what a program asks libc about the time of day and adds the number of nanoseconds that stands in the file
 * SKEWED_CLOCK_FILE. The file is mapped, so that one write moves the clock of a running process, forward or back.
 *
 * The monotonic clock is left alone: it is the one clock that all processes of a history share. A program that asks the
 * kernel without libc (Go does) does not see it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000LL

static const volatile int64_t unmoved = 0;
static const volatile int64_t *offset_ns = &unmoved;

__attribute__((constructor)) static void find_offset(void)
{
    const char *path = getenv("SKEWED_CLOCK_FILE");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        offset_ns = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    /* libc's own function has this name; the kernel is asked instead. */
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (failed || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return failed;
    int64_t moved_ns = (int64_t)now->tv_sec * SECOND_NS + now->tv_nsec + *offset_ns;
    now->tv_sec = moved_ns / SECOND_NS;
    now->tv_nsec = moved_ns % SECOND_NS;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    struct timespec precise;
    if (clock_gettime(CLOCK_REALTIME, &precise))
        return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return (time_t)-1;
    if (result != NULL)
        *result = now.tv_sec;
    return now.tv_sec;
}
