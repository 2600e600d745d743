// Reads Go files, each as JSON in a line, and prints the strings of the list in each, or null.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"unicode/utf8"
)

func value(node ast.Expr) (string, bool) {
	switch each := node.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(each.Value)
		return text, err == nil && utf8.ValidString(text)
	case *ast.BinaryExpr:
		left, known := value(each.X)
		right, well := value(each.Y)
		return left + right, known && well && each.Op == token.ADD
	case *ast.ParenExpr:
		return value(each.X)
	case *ast.Ident:
		return "\ufffc", each.Name == "x"
	}
	return "", false
}

func values(source string) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "a.go", source, 0)
	if err != nil {
		return nil
	}
	found := []string{}
	well := true
	ast.Inspect(file, func(node ast.Node) bool {
		list, is := node.(*ast.CompositeLit)
		if !is {
			return true
		}
		for _, element := range list.Elts {
			text, known := value(element)
			well = well && known
			found = append(found, text)
		}
		return false
	})
	if !well {
		return nil
	}
	return found
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		var source string
		json.Unmarshal([]byte(line), &source)
		out, _ := json.Marshal(values(source))
		fmt.Println(string(out))
	}
}
