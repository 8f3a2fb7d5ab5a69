/* The module `lfs`: folders, attributes and locks of files, with the interface of LuaFileSystem 1.8.0. Not a standard
   library: programs get it by require. */
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE 1
#endif
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "api.h"
#include "system.h"

#if defined(_WIN32)
#define HAVE_POSIX 0
#include <direct.h>
#include <fcntl.h>
#include <io.h>
#include <sys/utime.h>
typedef struct __stat64 FileStatus;
typedef struct __utimbuf64 FileTimes;
#ifndef S_ISDIR
#define S_ISDIR(mode) (((mode)&_S_IFMT) == _S_IFDIR)
#define S_ISREG(mode) (((mode)&_S_IFMT) == _S_IFREG)
#define S_ISCHR(mode) (((mode)&_S_IFMT) == _S_IFCHR)
#endif
static int read_status(const char *path, FileStatus *status) { return _stat64(path, status); }
static int read_link_status(const char *path, FileStatus *status) { return _stat64(path, status); }
static int set_times(const char *path, FileTimes *times) { return _utime64(path, times); }
static int make_folder(const char *path) { return _mkdir(path); }
static int remove_folder(const char *path) { return _rmdir(path); }
static int change_folder(const char *path) { return _chdir(path); }
static const char *current_folder(char *buffer, size_t size) { return _getcwd(buffer, (int)size); }
#else
#define HAVE_POSIX 1
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <utime.h>
typedef struct stat FileStatus;
typedef struct utimbuf FileTimes;
static int read_status(const char *path, FileStatus *status) { return stat(path, status); }
static int read_link_status(const char *path, FileStatus *status) { return lstat(path, status); }
static int set_times(const char *path, FileTimes *times) { return utime(path, times); }
static int make_folder(const char *path) { return mkdir(path, S_IRWXU | S_IRWXG | S_IROTH | S_IXOTH); }
static int remove_folder(const char *path) { return rmdir(path); }
static int change_folder(const char *path) { return chdir(path); }
static const char *current_folder(char *buffer, size_t size) { return getcwd(buffer, size); }
#endif

#define FIRST_PATH_SIZE 256
#define LARGEST_TIME 9e18 /* below the range of time_t where that has 64 bits */

static const char directory_type[] = "directory metatable";
static const char lock_type[] = "lock metatable";

/* What the userdata of this library begin with: a metatable alone could be put on anything by the debug library. */
typedef struct Handle {
  const char *type;
  bool is_open;
} Handle;

static Handle *arg_handle(Thread *L, const Value *args, int count, int n, const char *type) {
  if (n <= count && args[n - 1].tag == TAG_USERDATA && args[n - 1].userdata->size >= sizeof(Handle)) {
    Handle *handle = args[n - 1].userdata->data;
    const Value *meta = table_get_str(L->vm->registry.table, str_from(L, type));
    if (is_table(meta) && args[n - 1].userdata->meta == meta->table && handle->type == type) return handle;
  }
  error_argument_type(L, n, type);
}

/* Pushes userdata whose first bytes are a Handle. */
static Handle *push_handle(Thread *L, size_t size, const char *type) {
  Userdata *u = push_userdata(L, size, 0);
  Handle *handle = u->data;
  handle->type = type;
  u->meta = table_get_str(L->vm->registry.table, str_from(L, type))->table;
  gc_check_finalizer(L, (Object *)u, u->meta);
  return handle;
}

#if !HAVE_POSIX
static NORETURN void error_unavailable(Thread *L, const char *name) {
  error_library(L, "lfs.%s is not available on this system", name);
}
#endif

/* Attributes */

static const char *file_type(const FileStatus *status) {
  if (S_ISREG(status->st_mode)) return "file";
  if (S_ISDIR(status->st_mode)) return "directory";
  if (S_ISCHR(status->st_mode)) return "char device";
#if HAVE_POSIX
  if (S_ISLNK(status->st_mode)) return "link";
  if (S_ISSOCK(status->st_mode)) return "socket";
  if (S_ISFIFO(status->st_mode)) return "named pipe";
  if (S_ISBLK(status->st_mode)) return "block device";
#endif
  return "other";
}

static void push_file_type(Thread *L, const FileStatus *status) { push_text(L, file_type(status)); }

static void push_permissions(Thread *L, const FileStatus *status) {
  char text[] = "---------";
#if HAVE_POSIX
  for (int i = 0; i < 9; i++)
    if (status->st_mode & (S_IRUSR >> i)) text[i] = "rwx"[i % 3];
#else
  for (int i = 0; i < 9; i++)
    if (status->st_mode & (_S_IREAD >> i % 3)) text[i] = "rwx"[i % 3];
#endif
  push_text(L, text);
}

#define NUMBER_ATTRIBUTE(name, field) \
  static void push_##name(Thread *L, const FileStatus *status) { push_int(L, (int64_t)status->field); }
NUMBER_ATTRIBUTE(dev, st_dev)
NUMBER_ATTRIBUTE(ino, st_ino)
NUMBER_ATTRIBUTE(nlink, st_nlink)
NUMBER_ATTRIBUTE(uid, st_uid)
NUMBER_ATTRIBUTE(gid, st_gid)
NUMBER_ATTRIBUTE(rdev, st_rdev)
NUMBER_ATTRIBUTE(access, st_atime)
NUMBER_ATTRIBUTE(modification, st_mtime)
NUMBER_ATTRIBUTE(change, st_ctime)
NUMBER_ATTRIBUTE(size, st_size)
#if HAVE_POSIX
NUMBER_ATTRIBUTE(blocks, st_blocks)
NUMBER_ATTRIBUTE(blksize, st_blksize)
#endif

typedef struct Attribute {
  const char *name;
  void (*push)(Thread *L, const FileStatus *status);
} Attribute;

static const Attribute attributes[] = {
  {"mode", push_file_type},
  {"dev", push_dev},
  {"ino", push_ino},
  {"nlink", push_nlink},
  {"uid", push_uid},
  {"gid", push_gid},
  {"rdev", push_rdev},
  {"access", push_access},
  {"modification", push_modification},
  {"change", push_change},
  {"size", push_size},
  {"permissions", push_permissions},
#if HAVE_POSIX
  {"blocks", push_blocks},
  {"blksize", push_blksize},
#endif
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

static int push_failure(Thread *L, const char *message, int error) {
  push_nil(L);
  push_format(L, "%s: %s", message, strerror(error));
  push_int(L, error);
  return 3;
}

/* Pushes what a symbolic link points to; false if the path is none. */
static bool push_link_target(Thread *L, const char *path) {
#if HAVE_POSIX
  Buffer b;
  buffer_init(L, &b);
  for (size_t size = FIRST_PATH_SIZE;; size *= 2) {
    ssize_t length = readlink(path, buffer_reserve(&b, size), size);
    if (length < 0) {
      L->top--;
      return false;
    }
    if ((size_t)length < size) {
      b.length = (size_t)length;
      buffer_push(&b);
      return true;
    }
  }
#else
  (void)L;
  (void)path;
  errno = ENOSYS;
  return false;
#endif
}

/* All attributes into the table in the second argument, or into a new one. */
static int push_all_attributes(Thread *L, Value *args, int count, const FileStatus *status, bool of_link) {
  Table *t = count >= 2 && is_table(&args[1]) ? args[1].table : table_new(L, 0, ATTRIBUTES + 1);
  push_table(L, t);
  for (int i = 0; i < ATTRIBUTES; i++) {
    attributes[i].push(L, status);
    set_from_top(L, t, attributes[i].name);
  }
  if (of_link && push_link_target(L, args[0].str->text)) set_from_top(L, t, "target");
  return 1;
}

static int push_attributes(Thread *L, Value *args, int count, bool of_link) {
  const char *path = arg_str(L, args, count, 1)->text;
  FileStatus status;
  if ((of_link ? read_link_status(path, &status) : read_status(path, &status)) != 0) {
    int error = errno;
    return push_failure(L, push_format(L, "cannot obtain information from file '%s'", path)->text, error);
  }
  const Value *request = arg(args, count, 2);
  if (!is_string(request) && !is_number(request)) return push_all_attributes(L, args, count, &status, of_link);
  const char *name = arg_str(L, args, count, 2)->text;
  if (of_link && strcmp(name, "target") == 0)
    return push_link_target(L, path) ? 1 : push_failure(L, "could not obtain link target", errno);
  for (int i = 0; i < ATTRIBUTES; i++) {
    if (strcmp(attributes[i].name, name) != 0) continue;
    attributes[i].push(L, &status);
    return 1;
  }
  error_library(L, "invalid attribute name '%s'", name);
}

static int lfs_attributes(Thread *L, Value *args, int count) { return push_attributes(L, args, count, false); }

static int lfs_symlinkattributes(Thread *L, Value *args, int count) { return push_attributes(L, args, count, true); }

static int lfs_touch(Thread *L, Value *args, int count) {
  const char *path = arg_str(L, args, count, 1)->text;
  FileTimes times;
  if (count >= 2) {
    double access = arg_float_or(L, args, count, 2, 0);
    if (!(access > -LARGEST_TIME && access < LARGEST_TIME)) error_argument(L, 2, "time out-of-bounds");
    times.actime = (time_t)access;
    times.modtime = (time_t)arg_int_or(L, args, count, 3, times.actime);
  }
  return push_file_result(L, set_times(path, count >= 2 ? &times : NULL) == 0, NULL);
}

/* Folders */

static int lfs_chdir(Thread *L, Value *args, int count) {
  const char *path = arg_str(L, args, count, 1)->text;
  if (change_folder(path) == 0) {
    push_bool(L, true);
    return 1;
  }
  const char *reason = strerror(errno);
  push_nil(L);
  push_format(L, "Unable to change working directory to '%s'\n%s\n", path, reason);
  return 2;
}

static int lfs_currentdir(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  Buffer b;
  buffer_init(L, &b);
  for (size_t size = FIRST_PATH_SIZE;; size *= 2) {
    const char *path = current_folder(buffer_reserve(&b, size), size);
    if (path) {
      b.length = strlen(path);
      buffer_push(&b);
      return 1;
    }
    if (errno != ERANGE) return push_failure(L, "get_dir getcwd() failed", errno);
  }
}

static int lfs_mkdir(Thread *L, Value *args, int count) {
  return push_file_result(L, make_folder(arg_str(L, args, count, 1)->text) == 0, NULL);
}

static int lfs_rmdir(Thread *L, Value *args, int count) {
  return push_file_result(L, remove_folder(arg_str(L, args, count, 1)->text) == 0, NULL);
}

typedef struct Directory {
  Handle handle;
#if HAVE_POSIX
  DIR *stream;
#else
  intptr_t search;
  struct _finddata_t found;
  bool has_found;
#endif
} Directory;

static bool directory_open(Thread *L, Directory *directory, const char *path) {
#if HAVE_POSIX
  (void)L;
  directory->stream = opendir(path);
  directory->handle.is_open = directory->stream != NULL;
#else
  directory->search = _findfirst(push_format(L, "%s/*", path)->text, &directory->found);
  L->top--;
  directory->has_found = directory->handle.is_open = directory->search != -1;
#endif
  return directory->handle.is_open;
}

static const char *directory_read(Directory *directory) {
#if HAVE_POSIX
  const struct dirent *entry = readdir(directory->stream);
  return entry ? entry->d_name : NULL;
#else
  if (!directory->has_found && _findnext(directory->search, &directory->found) != 0) return NULL;
  directory->has_found = false;
  return directory->found.name;
#endif
}

static void directory_end(Directory *directory) {
  if (!directory->handle.is_open) return;
  directory->handle.is_open = false;
#if HAVE_POSIX
  closedir(directory->stream);
#else
  _findclose(directory->search);
#endif
}

static int directory_next(Thread *L, Value *args, int count) {
  Directory *directory = (Directory *)arg_handle(L, args, count, 1, directory_type);
  if (!directory->handle.is_open) error_argument(L, 1, "closed directory");
  const char *name = directory_read(directory);
  if (!name) {
    directory_end(directory);
    return 0;
  }
  push_text(L, name);
  return 1;
}

static int directory_close(Thread *L, Value *args, int count) {
  directory_end((Directory *)arg_handle(L, args, count, 1, directory_type));
  return 0;
}

/* The upvalue is the iterator. */
static int lfs_dir(Thread *L, Value *args, int count) {
  const char *path = arg_str(L, args, count, 1)->text;
  push_value(L, &running_function(L)->upvalues[0]);
  Directory *directory = (Directory *)push_handle(L, sizeof(Directory), directory_type);
  if (!directory_open(L, directory, path)) error_library(L, "cannot open %s: %s", path, strerror(errno));
  push_nil(L);
  push_value(L, L->top - 2);
  return 4;
}

/* Links and locks */

static int lfs_link(Thread *L, Value *args, int count) {
  const char *old = arg_str(L, args, count, 1)->text;
  const char *name = arg_str(L, args, count, 2)->text;
#if HAVE_POSIX
  int result = is_falsy(arg(args, count, 3)) ? link(old, name) : symlink(old, name);
  return push_file_result(L, result == 0, NULL);
#else
  (void)old;
  (void)name;
  error_unavailable(L, "link");
#endif
}

/* The file in the first argument, which `function` needs open. */
static FILE *open_file(Thread *L, const Value *args, int count, const char *function) {
  FILE *file = arg_file_stream(L, args, count, 1);
  if (!file) error_library(L, "%s: closed file", function);
  return file;
}

/* Sets or removes a lock on the bytes that arguments `first` and `first` + 1 give: all without them. */
static int lock_bytes(Thread *L, Value *args, int count, FILE *file, char mode, int first) {
  int64_t start = arg_int_or(L, args, count, first, 0);
  int64_t length = arg_int_or(L, args, count, first + 1, 0);
#if HAVE_POSIX
  struct flock lock;
  memset(&lock, 0, sizeof lock);
  lock.l_type = mode == 'w' ? F_WRLCK : mode == 'r' ? F_RDLCK : F_UNLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = (off_t)start;
  lock.l_len = (off_t)length;
  if (fcntl(fileno(file), F_SETLK, &lock) != -1) {
    push_bool(L, true);
    return 1;
  }
  const char *reason = strerror(errno);
  push_nil(L);
  push_text(L, reason);
  return 2;
#else
  (void)file;
  (void)start;
  (void)length;
  error_unavailable(L, mode == 'u' ? "unlock" : "lock");
#endif
}

static int lfs_lock(Thread *L, Value *args, int count) {
  FILE *file = open_file(L, args, count, "lock");
  char mode = *arg_str(L, args, count, 2)->text;
  if (mode != 'r' && mode != 'w' && mode != 'u') error_library(L, "lock: invalid mode");
  return lock_bytes(L, args, count, file, mode, 3);
}

static int lfs_unlock(Thread *L, Value *args, int count) {
  return lock_bytes(L, args, count, open_file(L, args, count, "unlock"), 'u', 2);
}

/* Where a file's lines end by one character, both modes are the same. */
static int lfs_setmode(Thread *L, Value *args, int count) {
  static const char *const names[] = {"text", "binary", NULL};
  FILE *file = open_file(L, args, count, "setmode");
  int mode = arg_option(L, args, count, 2, NULL, names);
#if HAVE_POSIX
  (void)file;
  (void)mode;
  int before = 1;
#else
  int old = _setmode(_fileno(file), mode == 0 ? _O_TEXT : _O_BINARY);
  if (old == -1) return push_file_result(L, false, NULL);
  int before = old == _O_BINARY;
#endif
  push_bool(L, true);
  push_text(L, names[before]);
  return 2;
}

/* A folder is locked while a link of a known name is in it. */
typedef struct Lock {
  Handle handle;
  char path[];
} Lock;

static int lfs_lock_dir(Thread *L, Value *args, int count) {
  const char *folder = arg_str(L, args, count, 1)->text;
#if HAVE_POSIX
  const Str *path = push_format(L, "%s/lockfile.lfs", folder);
  Lock *lock = (Lock *)push_handle(L, sizeof(Lock) + str_length(path) + 1, lock_type);
  memcpy(lock->path, path->text, str_length(path) + 1);
  if (symlink("lock", path->text) == -1) {
    const char *reason = strerror(errno);
    push_nil(L);
    push_text(L, reason);
    return 2;
  }
  lock->handle.is_open = true;
  return 1;
#else
  (void)folder;
  error_unavailable(L, "lock_dir");
#endif
}

static int lock_free(Thread *L, Value *args, int count) {
  Lock *lock = (Lock *)arg_handle(L, args, count, 1, lock_type);
  if (lock->handle.is_open) remove(lock->path);
  lock->handle.is_open = false;
  return 0;
}

/* The module */

static const LibraryEntry entries[] = {
  {"attributes", lfs_attributes, SPECIAL_NONE},
  {"chdir", lfs_chdir, SPECIAL_NONE},
  {"currentdir", lfs_currentdir, SPECIAL_NONE},
  {"link", lfs_link, SPECIAL_NONE},
  {"lock", lfs_lock, SPECIAL_NONE},
  {"lock_dir", lfs_lock_dir, SPECIAL_NONE},
  {"mkdir", lfs_mkdir, SPECIAL_NONE},
  {"rmdir", lfs_rmdir, SPECIAL_NONE},
  {"setmode", lfs_setmode, SPECIAL_NONE},
  {"symlinkattributes", lfs_symlinkattributes, SPECIAL_NONE},
  {"touch", lfs_touch, SPECIAL_NONE},
  {"unlock", lfs_unlock, SPECIAL_NONE},
  {NULL, NULL, SPECIAL_NONE},
};

/* Puts a metatable into the registry and leaves its __index table on the top. */
static Table *push_methods(Thread *L, const char *type, CFunction release) {
  Table *meta = table_new(L, 0, 4);
  push_table(L, meta);
  set_from_top(L, L->vm->registry.table, type);
  push_text(L, type);
  set_from_top(L, meta, "__name");
  set_function(L, meta, "__gc", release, "lfs handle.__gc");
  Table *methods = table_new(L, 0, 2);
  push_table(L, methods);
  push_table(L, methods);
  set_from_top(L, meta, "__index");
  return methods;
}

static void set_text(Thread *L, Table *t, const char *key, const char *text) {
  push_text(L, text);
  set_from_top(L, t, key);
}

/* What require calls. */
static int open_module(Thread *L, Value *args, int count) {
  (void)args;
  (void)count;
  Table *library = library_new(L, "lfs", entries);
  set_text(L, library, "_VERSION", "LuaFileSystem 1.8.0");
  set_text(L, library, "_DESCRIPTION", "Folders, attributes and locks of files, as LuaFileSystem has them");
  set_text(L, library, "_COPYRIGHT", "Part of Perilune");

  set_function(L, push_methods(L, lock_type, lock_free), "free", lock_free, "lfs lock:free");
  L->top--;
  Table *methods = push_methods(L, directory_type, directory_close);
  set_function(L, methods, "close", directory_close, "lfs directory:close");
  set_function(L, methods, "next", directory_next, "lfs directory:next");
  Table *meta = table_get_str(L->vm->registry.table, str_from(L, directory_type))->table;
  set_function(L, meta, "__close", directory_close, "lfs directory.__close");
  push_value(L, table_get_str(methods, str_from(L, "next")));
  push_function(L, lfs_dir, "lfs.dir", 1);
  set_from_top(L, library, "dir");
  L->top--;
  return 1;
}

void open_filesystem(Thread *L) {
  const Value *preload = table_get_str(L->vm->registry.table, str_from(L, "_PRELOAD"));
  set_function(L, preload->table, "lfs", open_module, "lfs");
}
