// Another provider of inlay hints: its hint on the lines that hold `crowded` is nearly as long as VS Code shows.

const vscode = require('vscode');

exports.activate = ({ subscriptions }) => {
  const provider = {
    provideInlayHints(document, range) {
      const hints = [];
      for (let line = range.start.line; line <= range.end.line; line += 1) {
        const column = document.lineAt(line).text.indexOf('crowded');
        if (column >= 0) hints.push(new vscode.InlayHint(new vscode.Position(line, column), 'a_long_parameter_of_another_server:'));
      }
      return hints;
    },
  };
  subscriptions.push(vscode.languages.registerInlayHintsProvider({ language: 'lua' }, provider));
};
