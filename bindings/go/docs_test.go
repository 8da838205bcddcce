package sched_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
	"testing"
)

// Everything exported says what it is: with a comment of its own, or in a group that has one.
func TestEverythingExportedIsDocumented(t *testing.T) {
	set := token.NewFileSet()
	packages, err := parser.ParseDir(set, ".", func(info fs.FileInfo) bool {
		return !strings.HasSuffix(info.Name(), "_test.go")
	}, parser.ParseComments)
	must(t, err)
	exported := 0
	check := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		exported++
		for _, comment := range comments {
			if comment.Text() != "" {
				return
			}
		}
		t.Errorf("%s: %s has no comment", set.Position(name.Pos()), name.Name)
	}
	for _, file := range packages["sched"].Files {
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				check(d.Name, d.Doc)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						check(s.Name, d.Doc, s.Doc)
					case *ast.ValueSpec:
						for _, name := range s.Names {
							check(name, d.Doc, s.Doc, s.Comment)
						}
					}
				}
			}
		}
	}
	if exported < 150 {
		t.Fatalf("only %d exported names were seen", exported)
	}
}
