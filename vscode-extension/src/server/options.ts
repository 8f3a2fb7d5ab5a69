// What the server is told when it starts.

import * as vscode from 'vscode';

// They have types, names and completion of their own, so that Perilune's would show twice.
const OTHER_LUA_EXTENSIONS = ['sumneko.lua', 'tangzx.emmylua', 'yinfei.luahelper', 'keyring.lua'];

/** The settings, and what the server cannot know of the editor. */
export function initializationOptions(): object {
  const facts = {
    trusted: vscode.workspace.isTrusted,
    notifications: true,
    otherLuaServer: OTHER_LUA_EXTENSIONS.some((id) => vscode.extensions.getExtension(id) !== undefined),
  };
  return { ...facts, perilune: { ...vscode.workspace.getConfiguration('perilune'), ...facts } };
}
