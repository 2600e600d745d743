"""Real editors: the findings are there once, at the right place, and a fix is applied."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import peers

EDITORS = Path(__file__).parents[2] / "editors"
TEXT = "a 😀 cat --video --video_model kling25 --duration 5s --video_prompt x\n"


def environment() -> dict[str, str]:
    """Where the server is found by its name."""
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return {**os.environ, "PATH": os.pathsep.join(folders)}


NEOVIM = """
local function shown()
  return vim.tbl_map(function(each)
    return { each.code, each.lnum, each.col, each.end_col }
  end, vim.diagnostic.get(0))
end
local function wait(what, done)
  if not vim.wait(60000, done, 20) then error('waited in vain for ' .. what) end
end
local ok, problem = pcall(function()
  wait('findings', function() return #shown() > 0 end)
  local first = shown()
  vim.api.nvim_buf_set_text(0, 0, 0, 0, 0, { '😀 ' })
  wait('moved findings', function() return #shown() > 0 and shown()[1][3] ~= first[1][3] end)
  local moved = shown()
  vim.api.nvim_win_set_cursor(0, { 1, moved[1][3] })
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action) return action.title:find('unsafe fix', 1, true) ~= nil end,
  })
  wait('the fix', function() return not vim.api.nvim_get_current_line():find('5s') end)
  vim.wait(60000, function() return #shown() ~= #moved or shown()[1][1] ~= moved[1][1] end, 20)
  vim.fn.writefile({ vim.json.encode({
    first = first, moved = moved, line = vim.api.nvim_get_current_line(), last = shown(),
  }) }, 'result.json')
end)
if not ok then vim.fn.writefile({ vim.json.encode({ problem = problem }) }, 'result.json') end
vim.cmd('qall!')
"""


def test_neovim(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "flaglift.toml").write_text('ignore = ["FL001"]')
    shutil.copy(EDITORS / "neovim.lua", tmp_path / "flaglift.lua")
    (tmp_path / "drive.lua").write_text(NEOVIM)
    command = [peers.program("nvim"), "--headless", "--clean", "-c", "luafile flaglift.lua"]
    subprocess.run(
        [*command, "-c", "edit a.txt", "-c", "luafile drive.lua"],
        cwd=tmp_path,
        env=environment(),
        check=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    result = json.loads((tmp_path / "result.json").read_text())
    assert "problem" not in result, result
    before = TEXT.partition("5s")[0]
    column = len(before.encode())
    assert result["first"] == [["FL401", 0, column, column + 2]]
    assert result["moved"] == [["FL401", 0, column + 5, column + 7]]
    assert result["line"] == "😀 " + TEXT.strip().replace("5s", "5")
    assert result["last"] == []


EMACS = """
(load-file "eglot.el")
(setq eglot-sync-connect 30 eglot-autoshutdown t)
(defun flaglift-wait (done)
  (let ((end (+ (float-time) 60)))
    (while (and (not (funcall done)) (< (float-time) end))
      (accept-process-output nil 0.05))))
(find-file "a.txt")
(text-mode)
(apply #'eglot--connect (eglot--guess-contact))
(eglot--maybe-activate-editing-mode)
(flymake-mode 1)
(flymake-start)
(flaglift-wait (lambda () (flymake-diagnostics)))
(let ((found (mapcar (lambda (each)
                       (vector (flymake-diagnostic-beg each) (flymake-diagnostic-end each)
                               (flymake-diagnostic-text each)))
                     (flymake-diagnostics))))
  (with-temp-file "result.json" (insert (json-encode (vconcat found)))))
(kill-emacs 0)
"""


def test_emacs(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "flaglift.toml").write_text('ignore = ["FL001"]')
    shutil.copy(EDITORS / "eglot.el", tmp_path / "eglot.el")
    (tmp_path / "drive.el").write_text(EMACS)
    subprocess.run(
        [peers.program("emacs"), "--batch", "-f", "package-initialize", "-l", "drive.el"],
        cwd=tmp_path,
        env=environment(),
        check=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    ((start, end, said),) = json.loads((tmp_path / "result.json").read_text())
    assert TEXT[start - 1 : end - 1] == "5s"
    assert "is not a whole number of seconds" in said


def test_the_snippets_of_other_editors_can_be_read() -> None:
    helix = tomllib.loads((EDITORS / "helix.toml").read_text())
    assert helix["language-server"]["flaglift"] == {"command": "flaglift", "args": ["lsp"]}
    sublime = json.loads((EDITORS / "sublime.json").read_text())
    assert sublime["clients"]["flaglift"]["command"] == ["flaglift", "lsp"]
    zed = json.loads((EDITORS / "zed.json").read_text())
    assert zed["lsp"]["flaglift"]["binary"] == {"path": "flaglift", "arguments": ["lsp"]}
