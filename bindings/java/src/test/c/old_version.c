// A library of another version, as far as the loader looks.
#include <jni.h>

JNIEXPORT jint JNICALL Java_io_sched_raw_RawJNI_sched_1version_1number(JNIEnv* env, jclass type) {
  (void)env;
  (void)type;
  return 90009;
}
