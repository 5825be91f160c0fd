package arch

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// The longest file and function, in lines.
const (
	maxFile     = 400
	maxFunction = 80
)

func TestLengths(t *testing.T) {
	s := packages(t)
	for _, p := range s.packages {
		for _, f := range p.files {
			if f.lines > maxFile {
				t.Errorf("%s: has %d lines, more than %d", f.name, f.lines, maxFile)
			}
			for _, d := range f.syntax.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					lines := s.fset.Position(fn.End()).Line - s.fset.Position(fn.Pos()).Line + 1
					if lines > maxFunction {
						t.Errorf("%s: func %s has %d lines, more than %d", s.at(fn), fn.Name.Name, lines, maxFunction)
					}
				}
			}
		}
	}
}

// TestComments checks that every package, and every exported name, says what it
// is.
func TestComments(t *testing.T) {
	s := packages(t)
	for _, p := range s.packages {
		begin := "Package " + p.name + " "
		if p.name == "main" {
			begin = "Command " + p.path[strings.LastIndex(p.path, "/")+1:] + " "
		}
		n := 0
		for _, f := range p.files {
			if strings.HasPrefix(f.syntax.Doc.Text(), begin) {
				n++
			}
			s.checkComments(t, f)
		}
		if n != 1 {
			t.Errorf("%s: %d files have a comment that begins with %q, want one", p.path, n, begin)
		}
	}
}

func (s *sources) checkComments(t *testing.T, f *file) {
	for _, d := range f.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Recv == nil && d.Doc == nil {
				t.Errorf("%s: %s has no comment", s.at(d), d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if name, ok := undocumented(d, spec); ok {
					t.Errorf("%s: %s has no comment", s.at(spec), name)
				}
			}
		}
	}
}

// undocumented returns the exported name that a declaration says nothing about.
// Of a group, the comment of the group is enough.
func undocumented(d *ast.GenDecl, spec ast.Spec) (string, bool) {
	if d.Doc != nil {
		return "", false
	}
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		return spec.Name.Name, spec.Name.IsExported() && spec.Doc == nil
	case *ast.ValueSpec:
		return spec.Names[0].Name, spec.Names[0].IsExported() && spec.Doc == nil && spec.Comment == nil
	}
	return "", false
}

// TestInit checks that nothing happens before main.
func TestInit(t *testing.T) {
	s := packages(t)
	for _, p := range s.packages {
		for _, f := range p.files {
			for _, d := range f.syntax.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s: func init: nothing registers itself", s.at(fn))
				}
			}
		}
	}
}

// makers are the functions that the values of package variables may come from.
var makers = []string{"errors.New", "regexp.MustCompile", "strings.NewReplacer"}

// TestVariables checks that package variables are constants but for the
// language: made of literals, and never written.
func TestVariables(t *testing.T) {
	s := packages(t)
	for _, p := range s.packages {
		for _, f := range p.files {
			for _, d := range f.syntax.Decls {
				if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.VAR {
					s.checkVariables(t, p, d)
				}
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				for _, x := range written(n) {
					if v := p.variable(x); v != nil {
						t.Errorf("%s: changes %s, a variable of the package", s.at(n), v.Name())
					}
				}
				return true
			})
		}
	}
}

func (s *sources) checkVariables(t *testing.T, p *pkg, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		if v.Names[0].Name == "_" {
			continue // asks the compiler whether a type has the methods of an interface
		}
		if v.Values == nil && !embedded(d, v) {
			if _, ok := v.Type.(*ast.ArrayType); !ok {
				t.Errorf("%s: %s has no value, so somebody will set it", s.at(v), v.Names[0].Name)
			}
		}
		for _, x := range v.Values {
			ast.Inspect(x, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && !slices.Contains(makers, types.ExprString(call.Fun)) && !isConversion(p, call) {
					t.Errorf("%s: %s is made by a call of %s, which is no constant", s.at(v), v.Names[0].Name, types.ExprString(call.Fun))
				}
				_, function := n.(*ast.FuncLit)
				return !function
			})
		}
	}
}

func embedded(d *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{d.Doc, v.Doc} {
		if doc != nil && strings.HasPrefix(doc.List[len(doc.List)-1].Text, "//go:embed ") {
			return true
		}
	}
	return false
}

func isConversion(p *pkg, call *ast.CallExpr) bool {
	switch fun := call.Fun.(type) {
	case *ast.ArrayType:
		return true
	case *ast.Ident:
		_, ok := p.info.Uses[fun].(*types.TypeName)
		return ok
	}
	return false
}

// written returns what a statement or expression changes, or may change.
func written(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if fun, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && slices.Contains([]string{"clear", "delete"}, fun.Name) {
			return n.Args[:1]
		}
	}
	return nil
}

// variable returns the package variable that an expression is, or is a part of.
func (p *pkg) variable(x ast.Expr) *types.Var {
	for {
		switch y := x.(type) {
		case *ast.IndexExpr:
			x = y.X
		case *ast.SelectorExpr:
			x = y.X
		case *ast.StarExpr:
			x = y.X
		case *ast.ParenExpr:
			x = y.X
		case *ast.Ident:
			v, ok := p.info.Uses[y].(*types.Var)
			if ok && v.Parent() == p.scope {
				return v
			}
			return nil
		default:
			return nil
		}
	}
}

// contexts lists the structs that hold a context, each with its reason.
var contexts = map[string]string{
	"builder/layer.go":    "v1.Layer's methods take none: a layer lives as long as the build that made it",
	"output/file.go":      "an io.Reader cannot take one; it lives as long as the call",
	"output/roundtrip.go": "a response's body cannot take one; it is the request's",
}

func TestContexts(t *testing.T) {
	s := packages(t)
	held := map[string]bool{}
	for _, p := range s.packages {
		for _, f := range p.files {
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.StructType:
					if i := contextIn(n.Fields); i >= 0 {
						held[f.name] = true
						if contexts[f.name] == "" {
							t.Errorf("%s: a context is kept in a struct: pass it", s.at(n))
						}
					}
				case *ast.FuncType:
					if contextIn(n.Params) > 0 {
						t.Errorf("%s: the context is not the first parameter", s.at(n))
					}
				}
				return true
			})
		}
	}
	for name := range contexts {
		if !held[name] {
			t.Errorf("%s: holds no context any more: remove it from contexts", name)
		}
	}
}

// contextIn returns the place of a context among fields or parameters, or -1.
func contextIn(list *ast.FieldList) int {
	return slices.IndexFunc(list.List, func(f *ast.Field) bool { return types.ExprString(f.Type) == "context.Context" })
}
