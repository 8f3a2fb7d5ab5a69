// Completion and explanation of keys in `.perilune.toml` and `perilune-budget.toml`.

import * as vscode from 'vscode';
import { BUDGET_KEYS, Key, PROFILE_KEYS } from './configurationKeys';

const FILES: vscode.DocumentFilter[] = [{ pattern: '**/{.perilune,perilune-budget}.toml' }];

export function explainConfigurationFiles(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.languages.registerCompletionItemProvider(FILES, {
      provideCompletionItems: (document, position) => {
        const before = document.lineAt(position).text.slice(0, position.character);
        if (/[=#["]/.test(before)) return [];
        return keys(document).map(({ name, value, text }) => {
          const item = new vscode.CompletionItem(name, vscode.CompletionItemKind.Property);
          item.insertText = new vscode.SnippetString(`${name} = ${value}`);
          item.documentation = text;
          return item;
        });
      },
    }),
    vscode.languages.registerHoverProvider(FILES, {
      provideHover: (document, position) => {
        const range = document.getWordRangeAtPosition(position, /[\w-]+/);
        const key = range && keys(document).find(({ name }) => name === document.getText(range));
        return key && new vscode.Hover(`**${key.name}**: ${key.text}`, range);
      },
    }),
  );
}

function keys({ fileName }: vscode.TextDocument): Key[] {
  return fileName.endsWith('perilune-budget.toml') ? BUDGET_KEYS : PROFILE_KEYS;
}
