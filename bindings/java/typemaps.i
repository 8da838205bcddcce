// How Java sees the pointers of bindings/sched.i.
//
// - A tensor is an address, a long: that of a direct buffer, from address_of().  io.sched makes
//   sure that the memory is there, is as long as said, and stays until the call is over.
// - Lists, bytes and numbers that are written are arrays; null is NULL.
// - A text is UTF-8 in a byte[]: what JNI calls UTF-8 is another encoding.
// - uint64_t is a long with the same bits, a status an int.

%include "enumtypeunsafe.swg"
%javaconst(1);
%apply long long { uint64_t };

// Structs are for try-with-resources; what frees itself when the collector likes it is not wanted.
%typemap(javafinalize) SWIGTYPE ""
%typemap(javainterfaces) SWIGTYPE "AutoCloseable"
%typemap(javacode) SWIGTYPE %{
  @Override
  public void close() {
    delete();
  }
%}
%typemap(javaconstruct) SWIGTYPE {
    this($imcall, true);
    if (swigCPtr == 0) throw new OutOfMemoryError("no memory for a $javaclassname");
  }

// The library is there before the first of its functions is called.
%pragma(java) jniclasscode=%{
  static {
    Loader.load();
  }
%}

// ----------------------------------------------------------------------- tensors

%typemap(jni) void* "jlong"
%typemap(jtype) void* "long"
%typemap(jstype) void* "long"
%typemap(javain) void* "$javainput"
%typemap(in) void* %{ $1 = (void*)(intptr_t)$input; %}

%typemap(jni) void* direct "jobject"
%typemap(jtype) void* direct "java.nio.Buffer"
%typemap(jstype) void* direct "java.nio.Buffer"
%typemap(in) void* direct %{
  $1 = $input == NULL ? NULL : (*jenv)->GetDirectBufferAddress(jenv, $input);
%}
%inline %{
// Where the memory of a direct buffer begins, whatever its position is; 0 for what has none.
static int64_t address_of(void* direct) { return (int64_t)(intptr_t)direct; }
%}

// ------------------------------------------------------------------------ arrays

// Arguments `...` are arrays of `JAVA`, whose elements JNI calls `NAME`; the library sees `C`.
// What it wrote goes back where `MODE` is 0; where it is JNI_ABORT they are only read.
%define SCHED_ARRAY(JAVA, NAME, C, MODE, ...)
%typemap(jni) __VA_ARGS__ "j" #JAVA "Array"
%typemap(jtype) __VA_ARGS__ #JAVA "[]"
%typemap(jstype) __VA_ARGS__ #JAVA "[]"
%typemap(javain) __VA_ARGS__ "$javainput"
%typemap(in) __VA_ARGS__ {
  $1 = NULL;
  if ($input != NULL) {
    $1 = (C*)(*jenv)->Get##NAME##ArrayElements(jenv, $input, NULL);
    if ($1 == NULL) return $null;
  }
}
%typemap(freearg) __VA_ARGS__ {
  if ($1 != NULL) (*jenv)->Release##NAME##ArrayElements(jenv, $input, (j##JAVA*)$1, MODE);
}
%enddef

SCHED_ARRAY(double, Double, double, JNI_ABORT, const double* timesteps, const double* sigmas,
            const double* group_timesteps, const double* group_targets)
SCHED_ARRAY(long, Long, uint64_t, JNI_ABORT, const uint64_t* item_seeds, const uint64_t* buffers,
            const uint64_t* offsets, const uint64_t* sizes)
SCHED_ARRAY(long, Long, int64_t, JNI_ABORT, const int64_t* counts)
SCHED_ARRAY(int, Int, int32_t, JNI_ABORT, const int32_t* dtypes)
SCHED_ARRAY(byte, Byte, char, JNI_ABORT, const char* config, const char*)
SCHED_ARRAY(byte, Byte, void, JNI_ABORT, const void* bytes)

SCHED_ARRAY(double, Double, double, 0, double* out)
SCHED_ARRAY(long, Long, int64_t, 0, int64_t* count, int64_t* step, int64_t* accepted,
            int64_t* rejected)
SCHED_ARRAY(long, Long, uint64_t, 0, uint64_t* size)
SCHED_ARRAY(int, Int, int32_t, 0, int32_t* status, int32_t* index, int32_t* output, int32_t* count,
            int32_t* multiprocessors, int32_t* threads_per_multiprocessor)
SCHED_ARRAY(byte, Byte, char, 0, char* message)
SCHED_ARRAY(byte, Byte, void, 0, void* bytes)

// ------------------------------------------------------------------------- texts

// `config` has a length and stays bytes; any other text ends in zero.
%typemap(jstype) const char* "String"
%typemap(jstype) const char* config "byte[]"
%typemap(javain) const char* "$module.bytes($javainput)"
%typemap(javain) const char* config "$javainput"
%typemap(javaout) const char* {
    return $module.text($jnicall);
  }
%typemap(out) const char* {
  if ($1 != NULL) {
    const jsize length = (jsize)strlen($1);
    $result = (*jenv)->NewByteArray(jenv, length);
    if ($result != NULL) {
      (*jenv)->SetByteArrayRegion(jenv, $result, 0, length, (const jbyte*)$1);
    }
  }
}

%pragma(java) modulecode=%{
  /** A text as UTF-8 that ends in zero; null for null. */
  static byte[] bytes(String text) {
    if (text == null) return null;
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a text has a zero character inside");
    }
    return (text + '\0').getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  /** The text of such bytes, here without the zero; null for null. */
  static String text(byte[] bytes) {
    return bytes == null ? null : new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
  }
%}
