// The keys of the two configuration files, with what they mean and a value to begin with.

export interface Key {
  name: string;
  value: string;
  text: string;
}

const key = (name: string, value: string, text: string): Key => ({ name, value, text });

/** Of `[profile]` and `[files."PATTERN"]` in `.perilune.toml`. */
export const PROFILE_KEYS: Key[] = [
  key('args', '["$1"]', "the program's arguments, a list of words or a string that is split as a shell would"),
  key('mode', '"${1|sample,count,trace|}"', 'what is measured'),
  key('cwd', '"$1"', 'the folder that the program runs in'),
  key('input', '"$1"', 'the file that its standard input comes from'),
  key('env', '{ $1 }', 'variables of its environment'),
  key('luaPath', '"$1"', "LUA_PATH, seen from where it runs; `;;` is Lua's own"),
  key('preload', '["$1"]', "files that run first, unmeasured: stand-ins for a host's functions"),
  key('entry', '"$1"', 'the test or benchmark that exercises the file, and that runs instead of it'),
  key('repeat', '"${1:auto}"', 'how often it runs: auto, or a number'),
  key('precision', '${1:2}', 'percentage points of error at which repeat = "auto" is content'),
  key('timeLimit', '${1:60}', 'seconds after which it is stopped'),
  key('memoryLimit', '${1:4096}', 'megabytes that it may take'),
  key('over', '"${1:n=1000,2000,4000}"', 'the sizes at which to find out how its costs grow'),
  key('overArgs', '"${1:{n\\}}"', 'its arguments at a size, which stands in place of {n}'),
  key('overStdin', '"${1:{n\\}}"', 'its standard input at a size; @NAME is a file'),
  key('overGenerator', '"$1"', 'a Lua program that is given the size and writes the standard input'),
];

/** Of `[files."PATH"]` and `[functions."PATH:NAME"]` in `perilune-budget.toml`. */
export const BUDGET_KEYS: Key[] = [
  key('instructions', '$1', 'the most instructions that it may execute'),
  key('calls', '$1', 'the most calls'),
  key('allocations', '$1', 'the most allocations'),
  key('allocated_bytes', '"$1"', 'the most bytes that it may allocate'),
  key('peak_bytes', '"$1"', 'the most bytes that the whole program may hold at once'),
  key('peak_depth', '$1', 'the most slots of the value stack in use at once'),
];
