#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
struct pair { int left, right; };
static int deep(int left, const char *word, struct pair pair) {
  if (left == 0) for (;;) pause();
  return deep(left - 1, word, pair) + pair.left + (int)strlen(word);
}
static inline __attribute__((always_inline)) int step(int by) { return deep(by, "two words", (struct pair){ by, 2 }); }
static void *work(void *name) {
  prctl(PR_SET_NAME, name);
  return (void *)(long)step(2);
}
int main(int argc, char **argv) {
  pthread_t one, other;
  pthread_create(&one, NULL, work, "one");
  pthread_create(&other, NULL, work, "a \"b\"\n");
  return deep(argc > 1 ? atoi(argv[1]) : 0, "main", (struct pair){ 1, 2 });
}
